import type { Schemas } from '../../shared/api';

export type SpanRow = Schemas['SpanRow'];

/** A span in its place. Times are ms since the trace began. */
export interface Node {
  span: SpanRow;
  start: number;
  end: number;
  depth: number;
  /** Its children, the earliest first. */
  children: Node[];
  /** Of its parent nothing came. */
  isOrphan: boolean;
  /** How long none of its children ran. */
  self: number;
  /** What of it the trace had to wait for. */
  critical: readonly Part[];
}

export interface Part {
  from: number;
  to: number;
}

export interface Waterfall {
  roots: Node[];
  /** All, in the order in which they are shown. */
  nodes: Node[];
  /** The first of each id. */
  byId: ReadonlyMap<string, Node>;
  /** Of the whole trace. */
  length: number;
}

const NANOS = 1_000_000;

/** Milliseconds between two times of nine digits, exact to the nanosecond. */
function since(begin: string, at: string): number {
  const nanos = (time: string) => Number(time.slice(20, 29));
  return Date.parse(`${at.slice(0, 19)}Z`) - Date.parse(`${begin.slice(0, 19)}Z`) + (nanos(at) - nanos(begin)) / NANOS;
}

/**
 * Puts spans in the order of their calls. Those whose parent did not come stand for themselves, and of spans that are each other's parents the earliest is
 * taken for the first.
 * @param spans The earliest first.
 */
export function waterfallOf(spans: readonly SpanRow[]): Waterfall {
  const begin = spans[0]?.timestamp ?? '';
  const all = spans.map((span): Node => {
    const start = since(begin, span.timestamp);
    return { span, start, end: start + span.duration, depth: 0, children: [], isOrphan: false, self: span.duration, critical: [] };
  });
  const byId = new Map<string, Node>();
  for (const node of all) if (!byId.has(node.span.span_id)) byId.set(node.span.span_id, node);
  const roots: Node[] = [];
  for (const node of all) {
    const parent = node.span.parent_span_id === null ? undefined : byId.get(node.span.parent_span_id);
    if (parent && parent !== node) parent.children.push(node);
    else {
      node.isOrphan = node.span.parent_span_id !== null;
      roots.push(node);
    }
  }
  const nodes = inOrder(roots);
  if (nodes.length < all.length) {
    const reached = new Set(nodes);
    for (const node of all) {
      if (reached.has(node)) continue;
      const cut = onCircle(node, byId);
      const parent = byId.get(cut.span.parent_span_id ?? '');
      if (parent) parent.children = parent.children.filter((child) => child !== cut);
      cut.isOrphan = true;
      roots.push(cut);
      for (const found of inOrder([cut])) reached.add(found);
    }
    roots.sort((a, b) => a.start - b.start);
    nodes.splice(0, nodes.length, ...inOrder(roots));
  }
  for (const node of nodes) node.self = selfOf(node);
  for (const root of roots) markCritical(root);
  return { roots, nodes, byId, length: nodes.reduce((last, { end }) => Math.max(last, end), 0) };
}

/** The earliest of the circle that leads to a span, before which it is cut. */
function onCircle(node: Node, byId: ReadonlyMap<string, Node>): Node {
  const seen = new Set<Node>();
  let at: Node | undefined = node;
  while (at && !seen.has(at)) {
    seen.add(at);
    at = byId.get(at.span.parent_span_id ?? '');
  }
  let first = at ?? node;
  for (let next = at && byId.get(at.span.parent_span_id ?? ''); next && next !== at; next = byId.get(next.span.parent_span_id ?? '')) {
    if (next.start < first.start) first = next;
  }
  return first;
}

/** Each before its children; also says how deep each is. */
function inOrder(roots: readonly Node[]): Node[] {
  const nodes: Node[] = [];
  const stack = roots.toReversed().map((node) => ({ node, depth: 0 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, depth } = next;
    node.depth = depth;
    nodes.push(node);
    for (const child of node.children.toReversed()) stack.push({ node: child, depth: depth + 1 });
  }
  return nodes;
}

function selfOf({ start, end, children }: Node): number {
  let covered = 0;
  let at = start;
  for (const child of children) {
    const [from, to] = [Math.max(at, child.start), Math.min(end, child.end)];
    if (to > from) {
      covered += to - from;
      at = to;
    }
  }
  return Math.max(0, end - start - covered);
}

/**
 * Whether a span that is not quite within its parent is taken to be: an answer of another machine, whose clock differs, and what ends a little after its
 * parent, as middleware does. What mostly runs later nobody waited for.
 */
const isWaitedFor = (child: Node, parent: Node) => (child.span.kind === 'server' && parent.span.kind === 'client')
  || 2 * (Math.min(child.end, parent.end) - Math.max(child.start, parent.start)) >= child.end - child.start;

/** From the end of a root backwards: what runs is on the path, and of its children always the one that ended last before. */
function markCritical(root: Node) {
  const stack: { node: Node; until: number }[] = [{ node: root, until: root.end }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { node, until } = next;
    const parts: Part[] = [];
    let at = Math.min(until, node.end);
    for (const child of node.children.toSorted((a, b) => b.end - a.end)) {
      const [start, end] = isWaitedFor(child, node) ? [Math.max(child.start, node.start), Math.min(child.end, node.end)] : [child.start, child.end];
      if (end > at || start < node.start || end <= start || end <= node.start) continue;
      if (at > end) parts.push({ from: end, to: at });
      stack.push({ node: child, until: child.end });
      at = start;
    }
    if (at > node.start) parts.push({ from: node.start, to: at });
    node.critical = parts.reverse();
  }
}

/** Those that are shown while some are folded. */
export function shownOf(nodes: readonly Node[], folded: ReadonlySet<number>): Node[] {
  const shown: Node[] = [];
  let hiddenBelow = Infinity;
  for (const node of nodes) {
    if (node.depth > hiddenBelow) continue;
    hiddenBelow = folded.has(node.span.id) ? node.depth : Infinity;
    shown.push(node);
  }
  return shown;
}

/** Whether a span has a text in its names or attributes. */
export function matches({ span }: Node, text: string): boolean {
  const wanted = text.toLowerCase();
  return [span.name, span.service, span.span_id, span.status_message ?? '', span.endpoint ?? '', JSON.stringify(span.attributes ?? '')]
    .some((part) => part.toLowerCase().includes(wanted));
}

/** What the spans of one service and name come to. */
export interface Work {
  service: string;
  name: string;
  count: number;
  /** ms, of all of them. */
  self: number;
  errors: number;
}

/** A trace by what was done in it. */
export function workOf({ nodes }: Waterfall): Map<string, Work> {
  const works = new Map<string, Work>();
  for (const { span, self } of nodes) {
    const key = `${span.service}\n${span.name}`;
    const work = works.get(key) ?? { service: span.service, name: span.name, count: 0, self: 0, errors: 0 };
    work.count++;
    work.self += self;
    work.errors += span.status === 'error' ? 1 : 0;
    works.set(key, work);
  }
  return works;
}

/** In which span a line was written: where it says none, that by which its service came into the trace. */
export function spanOf({ meta, service, created_at }: Schemas['LogRow'], { nodes }: Waterfall): string | null {
  const id = typeof meta === 'object' && meta !== null && 'span_id' in meta ? meta.span_id : null;
  if (typeof id === 'string') return id;
  const at = Date.parse(created_at);
  const isDuring = ({ timestamp, duration }: SpanRow) => Date.parse(timestamp) <= at && at <= Date.parse(timestamp) + duration + 1;
  const entries = nodes.map(({ span }) => span).filter((span) => span.service === service && span.is_entry);
  return (entries.find(isDuring) ?? entries[0] ?? nodes[0]?.span)?.span_id ?? null;
}
