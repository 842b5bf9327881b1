import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';

export type Job = Schemas['JobRow'];
export type JobType = Schemas['JobTypeRow'];
export type Schedule = Schemas['ScheduleRow'];
export type Stats = Schemas['WorkerStatsAnswer'];

/** Whose jobs are shown: a project's, or Bayou's own. */
export type Scope = 'project' | 'system';

/** What the jobs in a list must be; null for anything. */
export interface JobFilter {
  status: string | null;
  type: string | null;
  queue: string | null;
  search: string | null;
  /** What the error is without what varies. */
  error_pattern: string | null;
}

export const STATUSES = ['queued', 'scheduled', 'running', 'failed', 'succeeded', 'dead', 'cancelled'] as const;

const POLL_MS = 2_000;
const BADGE_POLL_MS = 10_000;
const MOST = 100;
const MOST_RUNNING = 50;
const MOST_DEAD = 1_000;

export const stats = (scope: Scope) =>
  queryOptions({
    queryKey: ['jobs', 'stats', scope],
    queryFn: async ({ signal }) => (await getJson('/worker/stats', { scope }, signal)).data,
    refetchInterval: POLL_MS,
  });

/** The same for whoever only looks at the numbers. */
export const badge = queryOptions({ ...stats('project'), refetchInterval: BADGE_POLL_MS });

export const jobs = (scope: Scope, filter: JobFilter) =>
  queryOptions({
    queryKey: ['jobs', 'list', scope, filter],
    queryFn: async ({ signal }) => await getJson('/worker/jobs', { scope, ...filter, search: filter.search ?? undefined, limit: MOST }, signal),
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });

export const facets = (scope: Scope) =>
  queryOptions({
    queryKey: ['jobs', 'facets', scope],
    queryFn: async ({ signal }) => (await getJson('/worker/jobs/facets', { scope }, signal)).data,
    refetchInterval: BADGE_POLL_MS,
  });

export const running = (scope: Scope) =>
  queryOptions({
    queryKey: ['jobs', 'running', scope],
    queryFn: async ({ signal }) => (await getJson('/worker/jobs', { scope, status: 'running', limit: MOST_RUNNING }, signal)).data,
    refetchInterval: POLL_MS,
  });

export const dead = (scope: Scope) =>
  queryOptions({
    queryKey: ['jobs', 'dead', scope],
    queryFn: async ({ signal }) => (await getJson('/worker/jobs', { scope, status: 'dead', limit: MOST_DEAD }, signal)).data,
    refetchInterval: POLL_MS,
  });

export const job = (id: number) =>
  queryOptions({
    queryKey: ['jobs', 'one', id],
    queryFn: async ({ signal }) => (await getJson('/worker/jobs/{id}', {}, signal, id)).data,
    refetchInterval: POLL_MS,
  });

export const jobLogs = (id: number) =>
  queryOptions({
    queryKey: ['jobs', 'logs', id],
    queryFn: async ({ signal }) => (await getJson('/worker/jobs/{id}/logs', {}, signal, id)).data,
    refetchInterval: POLL_MS,
  });

export const types = queryOptions({
  queryKey: ['jobs', 'types'],
  queryFn: async ({ signal }) => (await getJson('/worker/types', {}, signal)).data,
  staleTime: Infinity,
});

export const schedules = (scope: Scope) =>
  queryOptions({
    queryKey: ['jobs', 'schedules', scope],
    queryFn: async ({ signal }) => (await getJson('/worker/schedules', { scope, order_by: 'name', order: 'asc', limit: 500 }, signal)).data,
    refetchInterval: POLL_MS,
  });
