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

export type Target = Schemas['TargetRow'];

export const targets = queryOptions({
  queryKey: ['targets'],
  queryFn: async ({ signal }) => (await getJson('/replay/targets', {}, signal)).data,
});

export const secondFactor = queryOptions({
  queryKey: ['second-factor'],
  queryFn: async ({ signal }) => (await getJson('/auth/second-factor', {}, signal)).data,
});

export const sessions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await getJson('/auth/sessions', {}, signal)).data,
});

export type AuditRow = Schemas['AuditRow'];

/** Rows of the audit log, the newest first, and up to which id there is nothing newer. */
interface AuditPage {
  rows: readonly AuditRow[];
  lastId: number;
}

const MOST_AUDIT = 100; // at first, and of what is new
const MOST_HELD = 500;

/** What was done, the newest first; once held, only what is newer is asked for. */
export const audit = (search: string) =>
  queryOptions({
    queryKey: ['audit', search],
    queryFn: async ({ client, queryKey, signal }): Promise<AuditPage> => {
      const query = { limit: MOST_AUDIT, search: search || null };
      const held = client.getQueryData<AuditPage>(queryKey);
      if (held) {
        const { data, metadata } = await getJson('/audit', { ...query, id__gt: held.lastId }, signal);
        if (!metadata.reset) return { rows: [...data.toReversed(), ...held.rows].slice(0, MOST_HELD), lastId: metadata.last_id };
      }
      const { data, metadata } = await getJson('/audit', query, signal);
      return { rows: data, lastId: metadata.last_id };
    },
    placeholderData: keepPreviousData,
    refetchInterval: 2_000,
  });
