import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import { resolve, type Range } from '../../shared/filters/filters';
import { traceQuery, type TraceFilters } from './trace-filters';
import type { SpanRow } from './waterfall';

export type ServiceMap = Schemas['ServiceMap'];

/** The spans that are held, the last to arrive first, and how they come. */
export interface Tail {
  rows: SpanRow[];
  lastId: number;
  hasOlder: boolean;
  /** Spans of the range that are not kept, for the project's budget. */
  sampledOut: number;
}

const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const PAGE = 500; // as many as a scatter of durations needs to say anything
const MOST = 5_000;
const MOST_LINES = 1_000;

const page = (filters: TraceFilters, more: Record<string, number | string>, signal: AbortSignal) =>
  getJson('/traces', { ...traceQuery(filters), details: 'false', limit: PAGE, ...more }, signal);

async function first(filters: TraceFilters, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await page(filters, { order_by: 'id' }, signal);
  return { rows: data, lastId: metadata.last_id, hasOlder: data.length === PAGE, sampledOut: metadata.sampled_out ?? 0 };
}

async function poll(held: Tail, latest: () => Tail | undefined, filters: TraceFilters, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await page(filters, { id__gt: held.lastId }, signal);
  // Faster than anyone reads: the newest page stands for all.
  if (metadata.reset || metadata.has_more) return first(filters, signal);
  const now = latest() ?? held; // Older ones may have come meanwhile.
  return { ...now, rows: [...data.reverse(), ...now.rows].slice(0, MOST), lastId: metadata.last_id };
}

export const tailOf = (filters: TraceFilters) =>
  queryOptions({
    queryKey: ['traces', 'tail', filters],
    queryFn: ({ client, queryKey, signal }): Promise<Tail> => {
      const held = client.getQueryData<Tail>(queryKey);
      return held ? poll(held, () => client.getQueryData<Tail>(queryKey), filters, signal) : first(filters, signal);
    },
    refetchInterval: filters.range.kind === 'custom' ? SLOW_POLL_MS : POLL_MS,
    structuralSharing: false,
    gcTime: 60_000,
  });

/** Holds a page more of those that came before those held. */
export async function holdOlder(client: QueryClient, filters: TraceFilters) {
  const { queryKey } = tailOf(filters);
  const oldest = client.getQueryData(queryKey)?.rows.at(-1);
  if (!oldest) return;
  const { data } = await page(filters, { id__lt: oldest.id }, new AbortController().signal);
  client.setQueryData(queryKey, (tail) => tail && { ...tail, rows: [...tail.rows, ...data].slice(0, MOST), hasOlder: data.length === PAGE });
}

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
