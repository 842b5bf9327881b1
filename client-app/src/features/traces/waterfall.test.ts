import { describe, expect, it } from 'vitest';
import { matches, shownOf, waterfallOf, workOf, type SpanRow } from './waterfall';

const BEGIN = Date.UTC(2026, 10, 29, 12);

/** @param from ms after the trace began. */
function span(span_id: string, parent_span_id: string | null, from: number, duration: number, more: Partial<SpanRow> = {}): SpanRow {
  const whole = new Date(BEGIN + Math.floor(from)).toISOString().slice(0, 23);
  const timestamp = `${whole}${String(Math.round((from % 1) * 1_000_000)).padStart(6, '0')}Z`;
  return {
    id: Number.parseInt(span_id, 36), trace_id: 't', span_id, parent_span_id, service: 's', name: span_id, kind: 'internal', endpoint: null, status: 'unset',
    status_message: null, status_code: null, duration, timestamp, is_entry: false, scope: null, trace_state: null, attributes: null, events: null, links: null,
    resource: null, scope_attributes: null, ingested_at: '', ...more,
  };
}

const places = (spans: SpanRow[]) => waterfallOf(spans).nodes.map(({ span: { span_id }, depth }) => `${' '.repeat(depth)}${span_id}`);

describe('waterfallOf', () => {
  it('puts children below their parents, the earliest first, and times to the nanosecond', () => {
    const { nodes, length } = waterfallOf([span('a', null, 0, 10), span('b', 'a', 1.000001, 2), span('c', 'a', 4, 8), span('d', 'b', 1.5, 1)]);
    expect(nodes.map(({ span: { span_id }, depth }) => [span_id, depth])).toEqual([['a', 0], ['b', 1], ['d', 2], ['c', 1]]);
    expect(nodes[1]?.start).toBeCloseTo(1.000001, 9);
    expect(length).toBe(12);
  });

  it('shows those without their parent, two roots, and circles, each span once', () => {
    expect(places([span('a', null, 0, 1), span('b', 'lost', 1, 1), span('c', 'b', 2, 1), span('d', null, 3, 1)])).toEqual(['a', 'b', ' c', 'd']);
    expect(waterfallOf([span('b', 'lost', 0, 1)]).nodes[0]?.isOrphan).toBe(true);
    expect(places([span('a', 'c', 0, 3), span('b', 'a', 1, 1), span('c', 'b', 2, 1), span('x', 'x', 5, 1)])).toEqual(['a', ' b', '  c', 'x']);
    expect(places([span('a', null, 0, 3), span('a', null, 1, 1)])).toEqual(['a', 'a']); // an id twice
    expect(places([])).toEqual([]);
  });

  it('takes for its own what no child of a span runs', () => {
    const { nodes } = waterfallOf([span('a', null, 0, 10), span('b', 'a', 1, 4), span('c', 'a', 3, 4), span('d', 'a', 9, 5)]);
    expect(nodes[0]?.self).toBe(3); // 0 to 1, 7 to 9
  });

  it('marks what the trace waited for', () => {
    const { nodes } = waterfallOf([span('a', null, 0, 10), span('b', 'a', 1, 3), span('c', 'a', 2, 6), span('d', 'c', 3, 2), span('late', 'a', 9, 4)]);
    const critical = Object.fromEntries(nodes.map((node) => [node.span.span_id, node.critical]));
    expect(critical).toEqual({
      a: [{ from: 0, to: 2 }, { from: 8, to: 10 }], // c ran between
      b: [],
      c: [{ from: 2, to: 3 }, { from: 5, to: 8 }],
      d: [{ from: 3, to: 5 }],
      late: [], // nobody waited for it
    });
  });

  it('waits for an answer whose machine has another clock', () => {
    const spans = [span('call', null, 0, 100, { kind: 'client' }), span('answer', 'call', 1, 99.01, { kind: 'server' }), span('work', 'answer', 10, 80)];
    const { nodes } = waterfallOf(spans);
    expect(nodes.map(({ critical }) => critical.length)).toEqual([1, 2, 1]);
  });

  it('waits for what ends a little after its parent', () => {
    const { nodes } = waterfallOf([span('request', null, 0, 29), span('middleware', 'request', 1, 30), span('select', 'middleware', 2, 20)]);
    expect(nodes.map(({ critical }) => critical.length)).toEqual([1, 2, 1]);
  });

  it('cuts a circle, not what hangs from it', () => {
    const { nodes } = waterfallOf([span('hangs', 'a', 0, 1), span('a', 'b', 1, 1), span('b', 'a', 2, 1)]);
    expect(nodes.map((node) => [node.span.span_id, node.isOrphan])).toEqual([['a', true], ['hangs', false], ['b', false]]);
  });

  it('takes a chain of ten thousand', () => {
    const spans = Array.from({ length: 10_000 }, (_, i) => span(`${i}`, i === 0 ? null : `${i - 1}`, i / 1_000, 20));
    const { nodes } = waterfallOf(spans);
    expect(nodes.at(-1)?.depth).toBe(9_999);
  });
});

describe('shownOf', () => {
  it('hides what is below a folded one', () => {
    const { nodes } = waterfallOf([span('a', null, 0, 9), span('b', 'a', 1, 2), span('c', 'b', 1, 1), span('d', 'a', 4, 1)]);
    const folded = new Set([nodes[1]?.span.id ?? 0]);
    expect(shownOf(nodes, folded).map(({ span: { span_id } }) => span_id)).toEqual(['a', 'b', 'd']);
  });
});

describe('matches and workOf', () => {
  it('finds by attributes, and adds up by service and name', () => {
    const fall = waterfallOf([
      span('a', null, 0, 9), span('b', 'a', 1, 2, { name: 'select', attributes: { 'db.system': 'PostgreSQL' }, status: 'error' }),
      span('c', 'a', 4, 3, { name: 'select' }),
    ]);
    expect(fall.nodes.filter((node) => matches(node, 'postgresql')).map(({ span: { span_id } }) => span_id)).toEqual(['b']);
    expect(workOf(fall).get('s\nselect')).toEqual({ service: 's', name: 'select', count: 2, self: 5, errors: 1 });
  });
});
