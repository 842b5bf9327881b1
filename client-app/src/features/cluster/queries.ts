import { queryOptions } from '@tanstack/react-query';
import { getJson, type Schemas } from '../../shared/api';

export type NodeStatus = Schemas['NodeStatus'];
export type ClusterNode = Schemas['ClusterNode'];
export type Cluster = Schemas['ClusterAnswer'];

const POLL_MS = 2_000;

export const cluster = queryOptions({
  queryKey: ['cluster'],
  queryFn: async ({ signal }) => (await getJson('/cluster', {}, signal)).data,
  refetchInterval: POLL_MS,
});

/** Those that matter come first: what is wrong, then what runs, then what was ended. */
export function ordered(nodes: ClusterNode[]): ClusterNode[] {
  const rank: Record<NodeStatus, number> = { dead: 0, silent: 0, stopping: 1, up: 1, stopped: 2 };
  // A life that has a later one of the same name is history, however it ended.
  const isHistory = (node: ClusterNode) =>
    node.status !== 'up' && nodes.some((other) => other.name === node.name && Date.parse(other.started_at) > Date.parse(node.started_at));
  return nodes
    .map((node) => ({ node, at: isHistory(node) ? 3 : rank[node.status] }))
    .sort((a, b) => a.at - b.at || a.node.name.localeCompare(b.node.name) || Date.parse(b.node.started_at) - Date.parse(a.node.started_at))
    .map(({ node }) => node);
}
