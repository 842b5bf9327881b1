import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../shared/api';

/** Every endpoint by name, for going to one. */
export const knownEndpoints = queryOptions({
  queryKey: ['metrics', 'known-endpoints'],
  queryFn: async ({ signal }) => (await getJson<{ service: string; endpoint: string }[]>('/metrics/endpoints?service__ne=bayou', signal)).data,
  staleTime: 30_000,
});
