import { expect, it } from 'vitest';
import { layoutOf, type Edge } from './map-layout';
import type { ServiceMap } from './queries';

const edge = (caller: string | null, callee: string, kind = 'service', calls = 1): Edge =>
  ({ caller, callee, kind, calls, rate: 1, error_rate: 0, p95_latency: 1 });

const map = (...edges: Edge[]): ServiceMap => ({ start: '', end: '', is_complete: true, services: [], edges });

const layers = (of: ServiceMap) => Object.fromEntries(layoutOf(of).nodes.map(({ id, layer }) => [id, layer]));

it('puts each behind all that call it', () => {
  expect(layers(map(edge(null, 'shop'), edge('shop', 'pay'), edge('shop', 'mail'), edge('pay', 'mail'), edge('mail', 'postgresql', 'database')))).toEqual({
    outside: 0, 'service:shop': 1, 'service:pay': 2, 'service:mail': 3, 'database:postgresql': 4,
  });
});

it('ends where services call each other, and where one calls itself', () => {
  const { nodes, edges } = layoutOf(map(edge('a', 'b'), edge('b', 'a'), edge('b', 'b')));
  expect([nodes.length, edges.length]).toEqual([2, 3]);
});

it('has the most called first', () => {
  const { nodes } = layoutOf(map(edge('a', 'few', 'service', 1), edge('a', 'many', 'service', 9)));
  expect(nodes.find(({ name }) => name === 'many')?.row).toBe(0);
});
