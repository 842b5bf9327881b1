import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';
import { tail, type Tail as HeldTail } from '../../shared/tail';
import { replayQuery, type ReplayFilters } from './replay-filters';

export type CapturedRequest = Schemas['SnapshotRow'];
export type Difference = Schemas['Difference'];
export type AnswerDiff = Schemas['AnswerDiff'];
export type ReplayResult = Schemas['ReplayResult'];
export type ReplayRow = Schemas['ReplayRow'];
export type Run = Schemas['ReplayRunRow'];

export type Tail = HeldTail<CapturedRequest, Schemas['ReplayListMetadata']>;

const POLL_MS = 2_000;
const SLOW_POLL_MS = 10_000;
const PAGE = 100;

/** The requests that are held. */
export const { tailOf, holdOlder } = tail({
  name: 'replay',
  size: PAGE,
  page: (filters: ReplayFilters, more, signal) => getJson('/replay', { ...replayQuery(filters), bodies: 'false', ...more }, signal),
});

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
