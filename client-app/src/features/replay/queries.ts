import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import { replayQuery, type ReplayFilters } from './replay-filters';

export type CapturedRequest = Schemas['SnapshotRow'];
export type Difference = Schemas['Difference'];
export type AnswerDiff = Schemas['AnswerDiff'];
export type ReplayResult = Schemas['ReplayResult'];
export type ReplayRow = Schemas['ReplayRow'];
export type Run = Schemas['ReplayRunRow'];

/** The requests that are held, the last to arrive first, and how they come. */
export interface Tail {
  rows: CapturedRequest[];
  lastId: number;
  hasOlder: boolean;
}

const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const PAGE = 100;
const MOST = 5_000;

const page = (filters: ReplayFilters, more: Record<string, number | string>, signal: AbortSignal) =>
  getJson('/replay', { ...replayQuery(filters), bodies: 'false', limit: PAGE, ...more }, signal);

async function first(filters: ReplayFilters, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await page(filters, { order_by: 'id' }, signal);
  return { rows: data, lastId: metadata.last_id, hasOlder: data.length === PAGE };
}

async function poll(held: Tail, latest: () => Tail | undefined, filters: ReplayFilters, signal: AbortSignal): Promise<Tail> {
  const { data, metadata } = await page(filters, { id__gt: held.lastId }, signal);
  // Faster than anyone reads: the newest page stands for all.
  if (metadata.reset || metadata.has_more) return first(filters, signal);
  const now = latest() ?? held; // Older ones may have come meanwhile.
  return { ...now, rows: [...data.reverse(), ...now.rows].slice(0, MOST), lastId: metadata.last_id };
}

export const tailOf = (filters: ReplayFilters) =>
  queryOptions({
    queryKey: ['replay', 'tail', filters],
    queryFn: ({ client, queryKey, signal }): Promise<Tail> => {
      const held = client.getQueryData<Tail>(queryKey);
      return held ? poll(held, () => client.getQueryData<Tail>(queryKey), filters, signal) : first(filters, signal);
    },
    refetchInterval: filters.range.kind === 'custom' ? SLOW_POLL_MS : POLL_MS,
    structuralSharing: false,
    gcTime: 60_000,
  });

/** Holds a page more of those that came before those held. */
export async function holdOlder(client: QueryClient, filters: ReplayFilters) {
  const { queryKey } = tailOf(filters);
  const oldest = client.getQueryData(queryKey)?.rows.at(-1);
  if (!oldest) return;
  const { data } = await page(filters, { id__lt: oldest.id }, new AbortController().signal);
  client.setQueryData(queryKey, (tail) => tail && { ...tail, rows: [...tail.rows, ...data].slice(0, MOST), hasOlder: data.length === PAGE });
}

export const facets = (filters: ReplayFilters) =>
  queryOptions({
    queryKey: ['replay', 'facets', filters],
    queryFn: async ({ signal }) => (await getJson('/replay/facets', replayQuery(filters), signal)).data,
    refetchInterval: SLOW_POLL_MS,
    placeholderData: keepPreviousData,
  });

export const recent = (filters: ReplayFilters, limit: number) =>
  queryOptions({
    queryKey: ['replay', 'recent', filters, limit],
    queryFn: async ({ signal }) => (await getJson('/replay', { ...replayQuery(filters), bodies: 'false', limit }, signal)).data,
    refetchInterval: SLOW_POLL_MS,
    placeholderData: keepPreviousData,
  });

export const request = (id: number) =>
  queryOptions({
    queryKey: ['replay', 'one', id],
    queryFn: async ({ signal }) => (await getJson('/replay/{id}', {}, signal, id)).data,
    staleTime: Infinity,
  });

/** All of several, with their bodies. */
export const wholeOnes = async (ids: readonly number[], signal: AbortSignal) =>
  (await getJson('/replay', { id__in: ids.join(','), limit: 1_000, order_by: 'id', order: 'asc' }, signal)).data;

/** The ids of all that the filters select, as far as a run takes them. */
export const idsOf = async (filters: ReplayFilters, most: number, signal: AbortSignal) =>
  (await getJson('/replay', { ...replayQuery(filters), bodies: 'false', limit: most }, signal)).data.map(({ id }) => id);

export const replays = (id: number) =>
  queryOptions({
    queryKey: ['replay', 'replays', id],
    queryFn: async ({ signal }) => (await getJson('/replay/{id}/replays', {}, signal, id)).data,
  });

export const runs = queryOptions({
  queryKey: ['replay', 'runs'],
  queryFn: async ({ signal }) => (await getJson('/replay/runs', { limit: 50 }, signal)).data,
  refetchInterval: POLL_MS,
});

export const run = (id: number) =>
  queryOptions({
    queryKey: ['replay', 'run', id],
    queryFn: async ({ signal }) => (await getJson('/replay/runs/{id}', {}, signal, id)).data,
    refetchInterval: ({ state }) => (state.data && state.data.run.ended_at !== null ? false : POLL_MS),
  });

export const sets = queryOptions({
  queryKey: ['replay', 'sets'],
  queryFn: async ({ signal }) => (await getJson('/replay/sets', {}, signal)).data,
});

export const ignores = queryOptions({
  queryKey: ['replay', 'ignores'],
  queryFn: async ({ signal }) => (await getJson('/replay/ignores', {}, signal)).data,
});
