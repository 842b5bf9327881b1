import { expect, it } from 'vitest';
import { pickRows, readSort } from './endpoint-rows';
import type { EndpointEntry } from './figures';

const row = (endpoint: string, traffic_count: number, p99_latency: number) =>
  ({ service: 'shop', endpoint, traffic_count, p99_latency, change: null }) as EndpointEntry;
const rows = [row('GET /a', 5, 30), row('POST /cart', 9, 10), row('GET /cart', 9, 20)];
const names = (search: string, sort: string) => pickRows(rows, search, readSort(new URLSearchParams(sort))).map(({ endpoint }) => endpoint);

it('sorts by traffic unless told, equal rows by name', () => {
  expect(names('', '')).toEqual(['GET /cart', 'POST /cart', 'GET /a']);
});

it('begins figures with the largest and names with the first', () => {
  expect(names('', 'sort=p99')).toEqual(['GET /a', 'GET /cart', 'POST /cart']);
  expect(names('', 'sort=p99&order=asc')).toEqual(['POST /cart', 'GET /cart', 'GET /a']);
  expect(names('', 'sort=endpoint')).toEqual(['GET /a', 'GET /cart', 'POST /cart']);
  expect(names('', 'sort=constructor')).toEqual(names('', ''));
});

it('finds rows that have every word', () => {
  expect(names('CART get', '')).toEqual(['GET /cart']);
  expect(names('nothing', '')).toEqual([]);
});
