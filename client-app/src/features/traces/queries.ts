import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import { resolve, type Range } from '../../shared/filters/filters';
import { tail, type Tail as HeldTail } from '../../shared/tail';
import { traceQuery, type TraceFilters } from './trace-filters';
import type { SpanRow } from './waterfall';

export type ServiceMap = Schemas['ServiceMap'];

export type Tail = HeldTail<SpanRow, Schemas['TraceListMetadata']>;

const SLOW_POLL_MS = 10_000;
const PAGE = 500; // as many as a scatter of durations needs to say anything
const MOST_LINES = 1_000;

/** The spans that are held. */
export const { tailOf, holdOlder } = tail({
  name: 'traces',
  size: PAGE,
  page: (filters: TraceFilters, more, signal) => getJson('/traces', { ...traceQuery(filters), details: 'false', ...more }, signal),
});

export const facets = (filters: TraceFilters) =>
  queryOptions({
    queryKey: ['traces', 'facets', filters],
    queryFn: async ({ signal }) => (await getJson('/traces/facets', traceQuery(filters), signal)).data,
    refetchInterval: SLOW_POLL_MS,
    placeholderData: keepPreviousData,
  });

/** The newest that fit, to choose some of. */
export const examples = (filters: TraceFilters) =>
  queryOptions({
    queryKey: ['traces', 'examples', filters],
    queryFn: async ({ signal }) => (await getJson('/traces', { ...traceQuery(filters), details: 'false', limit: PAGE }, signal)).data,
    refetchInterval: SLOW_POLL_MS,
    placeholderData: keepPreviousData,
  });

/** Which spans of an endpoint take longer in a span of time than beside it. */
export const work = (service: string | null, endpoint: string | null, start: number, end: number, beside: number | null) =>
  queryOptions({
    queryKey: ['traces', 'work', service, endpoint, start, end, beside],
    queryFn: async ({ signal }) =>
      (await getJson('/traces/work', { service, endpoint, start_date: start, end_date: end, compare_to: beside }, signal)).data,
  });

/** A whole trace; what of it is late comes while it is looked at. */
export const trace = (id: string) =>
  queryOptions({
    queryKey: ['traces', 'one', id],
    queryFn: async ({ signal }) => (await getJson('/traces/{trace_id}', {}, signal, id)).data,
    refetchInterval: SLOW_POLL_MS,
  });

/** What was logged in a trace. */
export const linesOf = (id: string) =>
  queryOptions({
    queryKey: ['traces', 'lines', id],
    queryFn: async ({ signal }) => (await getJson('/logs', { trace_id: id, limit: MOST_LINES, order_by: 'created_at', order: 'asc' }, signal)).data,
    refetchInterval: SLOW_POLL_MS,
  });

/** The captured requests of a trace. */
export const requestsOf = (id: string) =>
  queryOptions({
    queryKey: ['traces', 'requests', id],
    queryFn: async ({ signal }) => (await getJson('/replay', { trace_id: id, limit: 50, bodies: 'false' }, signal)).data,
    refetchInterval: SLOW_POLL_MS,
  });

export const map = (range: Range) =>
  queryOptions({
    queryKey: ['traces', 'map', range],
    queryFn: async ({ signal }) => {
      const { start, end, live } = resolve(range);
      return (await getJson('/traces/map', { start_date: start, end_date: live ? null : end }, signal)).data;
    },
    refetchInterval: SLOW_POLL_MS,
    placeholderData: keepPreviousData,
  });
