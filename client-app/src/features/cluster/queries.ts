import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../shared/api';

export type NodeStatus = 'up' | 'stopping' | 'stopped' | 'silent' | 'dead';

export interface ClusterNode {
  id: string;
  name: string;
  status: NodeStatus;
  roles: string[];
  version: string;
  runtime: string;
  started_at: string;
  age_seconds: number;
  silent_seconds: number;
  cpu_cores: number;
  memory_bytes: number;
  calls_per_second: number;
  activations: Record<string, number>;
}

export interface Cluster {
  mode: 'localhost' | 'postgres';
  self: string;
  nodes: ClusterNode[];
  reminders: { name: string; node: string; last_run: string; seconds: number; error: string | null; runs: number; failures: number }[];
  checks: { name: string; message: string | null; checked_at: string }[];
}

const POLL_MS = 2_000;

export const cluster = queryOptions({
  queryKey: ['cluster'],
  queryFn: async ({ signal }) => (await getJson<Cluster>('/cluster', signal)).data,
  refetchInterval: POLL_MS,
});

/** Those that matter come first: what is wrong, then what runs, then what was ended. */
export function ordered(nodes: ClusterNode[]): ClusterNode[] {
  const rank: Record<NodeStatus, number> = { dead: 0, silent: 0, stopping: 1, up: 1, stopped: 2 };
  // A life that has a later one of the same name is history, however it ended.
  const isHistory = (node: ClusterNode) => node.status !== 'up' && nodes.some((other) => other.name === node.name && Date.parse(other.started_at) > Date.parse(node.started_at));
  return nodes
    .map((node) => ({ node, at: isHistory(node) ? 3 : rank[node.status] }))
    .sort((a, b) => a.at - b.at || a.node.name.localeCompare(b.node.name) || Date.parse(b.node.started_at) - Date.parse(a.node.started_at))
    .map(({ node }) => node);
}
