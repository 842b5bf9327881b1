import { queryOptions } from '@tanstack/react-query';
import { OWN_SERVICE } from '../shared/filters/filters';
import { getJson } from '../shared/api';

/** Every endpoint by name, for going to one. */
export const knownEndpoints = queryOptions({
  queryKey: ['metrics', 'known-endpoints'],
  queryFn: async ({ signal }) => (await getJson('/metrics/endpoints', { service__ne: OWN_SERVICE }, signal)).data,
  staleTime: 30_000,
});
