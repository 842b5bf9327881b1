import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson } from '../../shared/api';
import type { EndpointTotals, KnownEndpoint } from './metric-window';
import { rangeStart } from './window-feed';

/** Which services there are; a new one shows up within seconds. */
export const knownServices = queryOptions({
  queryKey: ['metrics', 'services'],
  queryFn: async ({ signal }) => {
    const { data } = await getJson<KnownEndpoint[], unknown>('/metrics/endpoints', signal);
    return servicesOf(data);
  },
  refetchInterval: 5_000,
});

/** Latest first among the services of others; Bayou's own steps back. */
export function servicesOf(endpoints: KnownEndpoint[]): string[] {
  const lastSeen = new Map<string, string>();
  for (const { service, last_seen } of endpoints) {
    if ((lastSeen.get(service) ?? '') < last_seen) lastSeen.set(service, last_seen);
  }
  const own = (service: string) => (service === 'bayou' ? 1 : 0);
  return [...lastSeen.keys()].sort((a, b) => own(a) - own(b) || a.localeCompare(b));
}

/** Each endpoint's figures over the range; asked again only when the feed has moved. */
export const endpointTotals = (service: string, revision: number) =>
  queryOptions({
    queryKey: ['metrics', 'endpoints', service, revision],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ service, limit: '1000', start_date: `${rangeStart(Date.now())}` });
      const { data } = await getJson<EndpointTotals[], unknown>(`/metrics/top?${query}`, signal);
      return data;
    },
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
