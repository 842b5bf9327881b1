import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Query, type Schemas } from '../../shared/api';
import { OWN_SERVICE, resolve } from '../../shared/filters/filters';
import type { Question } from './question';

export type MetricName = Schemas['MetricName'];

const POLL_MS = 10_000;

/** The metrics that are sent, of a service or of all. */
export const names = (service: string | null) =>
  queryOptions({
    queryKey: ['points', 'names', service],
    queryFn: async ({ signal }) => {
      const { data, metadata } = await getJson('/series', { service, service__ne: service === null ? OWN_SERVICE : null }, signal);
      return { names: data, metadata };
    },
    refetchInterval: POLL_MS,
  });

/** What is asked, as the API takes it. */
export function pointsQuery({ range, service, metric, aggregate, group, where }: Question): Query {
  const { start, end, step } = resolve(range);
  return {
    name: metric, aggregate, group_by: group, service, start_date: start, end_date: end, window_size: step / 1_000,
    ...Object.fromEntries(where.map((one) => {
      const at = one.indexOf('=');
      return [one.slice(0, at), one.slice(at + 1)];
    })),
  };
}

/** A metric over time; resolved when it is asked, so that its windows are those of the answer. */
export const points = (question: Question) =>
  queryOptions({
    queryKey: ['points', 'lines', question],
    queryFn: async ({ signal }) => {
      const range = resolve(question.range);
      return { range, answer: (await getJson('/series/query', pointsQuery(question), signal)).data };
    },
    enabled: question.metric !== null,
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });
