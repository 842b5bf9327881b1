import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';

export type Person = Schemas['User'];
export type ApiKey = Schemas['ApiKey'];
export type NewKey = Schemas['NewKey'];
export type Invitation = Schemas['Invitation'];

export const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const;
export const SCOPES = ['ingest', 'read', 'write', 'admin'] as const;

/** Of a key that pages show, which everybody can read there: it is for nothing else. */
export const BROWSER = 'ingest:browser';

/** What each lets its holder do, in a few words. */
export const ROLE_HINTS: Record<(typeof ROLES)[number], string> = {
  viewer: 'sees everything',
  editor: 'sees everything, marks deploys',
  admin: 'manages people and keys too',
  owner: 'admin of everything',
};

const MOST = 200;

export const people = queryOptions({
  queryKey: ['people'],
  queryFn: async ({ signal }) => (await getJson('/api/v1/users', { limit: MOST, email__isnotnull: 'true', order_by: 'name', order: 'asc' }, signal)).data,
});

export const keys = (project: number) =>
  queryOptions({
    queryKey: ['keys', project],
    queryFn: async ({ signal }) => (await getJson('/projects/{project}/keys', {}, signal, project)).data,
  });

export const secondFactor = queryOptions({
  queryKey: ['second-factor'],
  queryFn: async ({ signal }) => (await getJson('/auth/second-factor', {}, signal)).data,
});

export const sessions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await getJson('/auth/sessions', {}, signal)).data,
});

/** What was done, the newest first. */
export const audit = (search: string) =>
  queryOptions({
    queryKey: ['audit', search],
    queryFn: async ({ signal }) => (await getJson('/audit', { limit: 100, search: search || null }, signal)).data,
    placeholderData: keepPreviousData,
    refetchInterval: 5_000,
  });
