import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import type { Mark } from '../../shared/charts/prepare-rows';
import { OWN_SERVICE, resolve, type Filters } from '../../shared/filters/filters';

export type Deploy = Schemas['DeployRow'];

const POLL_MS = 5_000;

/** The deploys of a view's service in its range, the first one first. */
export const deploys = ({ service, range }: Filters) =>
  queryOptions({
    queryKey: ['deploys', service, range],
    queryFn: async ({ signal }) => {
      const { start, end } = resolve(range);
      return (
        await getJson(
          '/deploys',
          { service, service__ne: service === null ? OWN_SERVICE : null, start_date: start, end_date: end, limit: 200, order: 'asc' },
          signal,
        )
      ).data;
    },
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });

/** A deploy as charts show it. */
export const deployMark = ({ id, service, version, time }: Deploy): Mark => ({
  key: id,
  at: Date.parse(time),
  label: version,
  says: `${service} ${version} deployed`,
});
