import { keepPreviousData, queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { getJson, type Query, type Schemas } from '../../shared/api';
import { resolve } from '../../shared/filters/filters';
import { logQuery, type LogFilters } from './log-filters';

export type Line = Schemas['LogRow'];

/** The lines that are held, the newest first, and how they come. */
export interface Tail {
  lines: Line[];
  /** Where the next poll goes on. */
  lastId: number;
  /** When that was. */
  at: number;
  /** So many lines come a second that only the newest of each poll are shown; null where all are. */
  sampled: number | null;
  /** There may be older ones than are held. */
  hasOlder: boolean;
}

export const POLL_MS = 2_000;
const PAST_POLL_MS = 10_000;
const FIRST_PAGE = 200;
const NEXT_PAGE = 1_000;
/** More would make the page slow; the oldest go first. */
export const MOST_LINES = 100_000;

/** A new line may be older than some that are held: its time is its own. */
export function merge(held: Line[], come: Line[]): Line[] {
  const known = new Set(held.slice(0, come.length + NEXT_PAGE).map(({ id }) => id));
  const added = come.filter(({ id }) => !known.has(id)).sort(newestFirst);
  if (added.length === 0) return held;
  const merged: Line[] = [];
  let [a, h] = [0, 0];
  while (merged.length < MOST_LINES && (a < added.length || h < held.length)) {
    const [next, old] = [added[a], held[h]];
    if (next && (!old || newestFirst(next, old) < 0)) { merged.push(next); a++; }
    else if (old) { merged.push(old); h++; }
  }
  return merged;
}

const newestFirst = (a: Line, b: Line) => (a.created_at === b.created_at ? b.id - a.id : a.created_at < b.created_at ? 1 : -1);

const rangeQuery = (filters: LogFilters): Query => {
  const range = resolve(filters.range);
  return { ...logQuery(filters), start_date: range.start, end_date: range.live ? null : range.end };
};

async function first(query: Query, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await getJson('/logs', { ...query, limit: FIRST_PAGE }, signal);
  return { lines: data, lastId: metadata.last_id, at: Date.now(), sampled: null, hasOlder: data.length === FIRST_PAGE };
}

/** @param latest What is held by the time of the answer: older lines may have come meanwhile. */
async function poll(held: Tail, latest: () => Tail | undefined, query: Query, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await getJson('/logs', { ...query, limit: NEXT_PAGE, id__gt: held.lastId }, signal);
  if (metadata.reset) return first(query, signal);
  const now = latest() ?? held;
  if (!metadata.has_more) return { ...now, lines: merge(now.lines, data), lastId: metadata.last_id, at: Date.now(), sampled: null };
  // Faster than anyone reads: the newest, and how many there were, by how many of the first there are that fit.
  const newest = await first(query, signal);
  const fitting = data.length / (metadata.last_id - held.lastId);
  return {
    ...newest,
    lines: merge((latest() ?? held).lines, newest.lines),
    hasOlder: true,
    sampled: (fitting * (newest.lastId - held.lastId)) / Math.max(1, (newest.at - held.at) / 1_000),
  };
}

export const tailOf = (filters: LogFilters) =>
  queryOptions({
    queryKey: ['logs', 'tail', filters],
    queryFn: ({ client, queryKey, signal }): Promise<Tail> => {
      const held = client.getQueryData<Tail>(queryKey);
      return held ? poll(held, () => client.getQueryData<Tail>(queryKey), rangeQuery(filters), signal) : first(rangeQuery(filters), signal);
    },
    refetchInterval: filters.range.kind === 'custom' ? PAST_POLL_MS : POLL_MS,
    structuralSharing: false, // Lines never change, and there may be a hundred thousand.
    gcTime: 60_000,
  });

/** Holds so many more lines that are older than those held. */
async function holdOlder(client: QueryClient, filters: LogFilters) {
  const { queryKey } = tailOf(filters);
  const oldest = client.getQueryData(queryKey)?.lines.at(-1);
  if (!oldest) return;
  // Times come with milliseconds only: what is of the same one is asked for again, and known by its id.
  const query = { ...rangeQuery(filters), end_date: Date.parse(oldest.created_at) + 1, limit: NEXT_PAGE };
  const { data } = await getJson('/logs', query, new AbortController().signal);
  client.setQueryData(queryKey, (tail) => {
    if (!tail) return tail;
    const known = new Set(tail.lines.slice(-NEXT_PAGE).map(({ id }) => id));
    const added = data.filter(({ id }) => !known.has(id));
    const lines = [...tail.lines, ...added].slice(0, MOST_LINES);
    return { ...tail, lines, hasOlder: added.length > 0 && data.length === NEXT_PAGE && lines.length < MOST_LINES };
  });
}

export function useTail(filters: LogFilters) {
  const client = useQueryClient();
  const { data: tail, error, isPending } = useQuery(tailOf(filters));
  const [older, setOlder] = useState<{ isLoading: boolean; error: Error | null }>({ isLoading: false, error: null });
  const loadOlder = () => {
    if (older.isLoading || !tail?.hasOlder) return;
    setOlder({ isLoading: true, error: null });
    holdOlder(client, filters).then(
      () => { setOlder({ isLoading: false, error: null }); },
      (failure: unknown) => { setOlder({ isLoading: false, error: failure instanceof Error ? failure : new Error(String(failure)) }); });
  };
  return { tail, error, isPending, older, loadOlder };
}

export type Bucket = Schemas['LogBucket'];

export const histogramQuery = (filters: LogFilters): Query => {
  const range = resolve(filters.range);
  return { ...logQuery(filters), start_date: range.start, end_date: range.end, window_size: range.step / 1_000 };
};

export const histogram = (filters: LogFilters) =>
  queryOptions({
    queryKey: ['logs', 'histogram', filters],
    queryFn: async ({ signal }) => {
      const range = resolve(filters.range);
      return { range, ...(await getJson('/logs/histogram', histogramQuery(filters), signal)) };
    },
    refetchInterval: filters.range.kind === 'custom' ? PAST_POLL_MS : POLL_MS,
    placeholderData: keepPreviousData,
  });

/** The values to choose from for one of the filters: of the lines that all the others leave. */
export const facets = (filters: LogFilters, chosen: 'levels' | 'sources' | 'service') => {
  const others = { ...filters, [chosen]: chosen === 'service' ? null : [] };
  return queryOptions({
    queryKey: ['logs', 'facets', others],
    queryFn: async ({ signal }) => {
      const range = resolve(filters.range);
      return (await getJson('/logs/facets', { ...logQuery(others), start_date: range.start, end_date: range.end }, signal)).data;
    },
    refetchInterval: PAST_POLL_MS,
    placeholderData: keepPreviousData,
  });
};

/** @param sort `change` puts those first that are new, then those that grew most. */
export const patterns = (query: Query, sort: 'count' | 'change', limit: number) =>
  queryOptions({
    queryKey: ['logs', 'patterns', query, sort, limit],
    queryFn: async ({ signal }) => getJson('/logs/patterns', { ...query, sort, limit }, signal),
    refetchInterval: PAST_POLL_MS,
    placeholderData: keepPreviousData,
  });

/** Whether the request of a trace was captured. */
export const capturedOf = (trace: string) =>
  queryOptions({
    queryKey: ['logs', 'captured', trace],
    queryFn: async ({ signal }) => (await getJson('/replay', { trace_id: trace, bodies: 'false', limit: 1 }, signal)).data,
  });

export const contextOf = (id: number) =>
  queryOptions({
    queryKey: ['logs', 'context', id],
    queryFn: async ({ signal }) => (await getJson('/logs/{id}/context', { before: 10, after: 10 }, signal, id)).data,
  });
