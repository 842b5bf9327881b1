import { groupBy } from '../../shared/group-by';
import type { ServiceMap } from './queries';

export type Edge = ServiceMap['edges'][number];

export interface MapNode {
  id: string;
  name: string;
  /** outside, service, database, messaging or external. */
  kind: string;
  /** Its column, from whoever calls to whoever is called. */
  layer: number;
  /** Its place in the column. */
  row: number;
}

export interface MapLayout {
  nodes: MapNode[];
  edges: { edge: Edge; from: MapNode; to: MapNode }[];
  layers: number;
  /** Of the longest column. */
  rows: number;
}

export const OUTSIDE = 'outside';

const idOf = (kind: string, name: string) => `${kind}:${name}`;
const callerOf = ({ caller }: Edge) => (caller === null ? OUTSIDE : idOf('service', caller));
const calleeOf = ({ kind, callee }: Edge) => idOf(kind, callee);

/** Puts each one step behind whoever calls it, the most called first; of circles the way back is left out. */
export function layoutOf(map: ServiceMap): MapLayout {
  const nodes = new Map<string, MapNode>();
  const add = (id: string, name: string, kind: string) => {
    if (!nodes.has(id)) nodes.set(id, { id, name, kind, layer: 0, row: 0 });
  };
  for (const edge of map.edges) {
    if (edge.caller === null) add(OUTSIDE, 'Outside', OUTSIDE);
    else add(callerOf(edge), edge.caller, 'service');
    add(calleeOf(edge), edge.callee, edge.kind);
  }
  for (const { service } of map.services) add(idOf('service', service), service, 'service');
  const calls = groupBy(map.edges, callerOf);
  const isOpen = new Set<string>();
  const deepen = (id: string, layer: number) => {
    const node = nodes.get(id);
    if (!node || isOpen.has(id) || (node.layer >= layer && layer > 0)) return;
    node.layer = layer;
    isOpen.add(id);
    for (const edge of calls.get(id) ?? []) deepen(calleeOf(edge), layer + 1);
    isOpen.delete(id);
  };
  const called = new Set(map.edges.map(calleeOf));
  const first = [...nodes.keys()].filter((id) => !called.has(id));
  for (const id of first.length > 0 ? first : [...nodes.keys()].slice(0, 1)) deepen(id, 0);
  const weight = new Map<string, number>();
  for (const edge of map.edges) weight.set(calleeOf(edge), (weight.get(calleeOf(edge)) ?? 0) + edge.calls);
  let [layers, rows] = [0, 0];
  for (const [layer, column] of groupBy(nodes.values(), (node) => node.layer)) {
    column.sort((a, b) => (weight.get(b.id) ?? 0) - (weight.get(a.id) ?? 0) || a.name.localeCompare(b.name));
    column.forEach((node, row) => { node.row = row; });
    layers = Math.max(layers, layer + 1);
    rows = Math.max(rows, column.length);
  }
  const edges = map.edges.flatMap((edge) => {
    const [from, to] = [nodes.get(callerOf(edge)), nodes.get(calleeOf(edge))];
    return from && to ? [{ edge, from, to }] : [];
  });
  return { nodes: [...nodes.values()], edges, layers, rows };
}
