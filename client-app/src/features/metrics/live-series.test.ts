import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readFilters } from '../../shared/filters/filters';
import { liveSeries } from './live-series';

const filters = readFilters(new URLSearchParams('service=shop&range=15m'));
const minute = (back: number) => new Date(Math.floor(Date.now() / 60_000) * 60_000 - back * 60_000).toISOString();
let asked: URL[];
let changed: { window_start: string }[];
let metadata: Record<string, unknown>;
let points: { window_start: string; traffic_count: number }[];
let client: QueryClient;

beforeEach(() => {
  asked = [];
  changed = [];
  metadata = { last_id: 7, has_more: false };
  points = [{ window_start: minute(2), traffic_count: 5 }, { window_start: minute(1), traffic_count: 6 }];
  client = new QueryClient();
  vi.stubGlobal('fetch', (address: string) => {
    const url = new URL(address, 'http://bayou');
    asked.push(url);
    const since = Number(url.searchParams.get('start_date'));
    const data = url.pathname === '/metrics' ? changed : points.filter((point) => Date.parse(point.window_start) >= since);
    return Promise.resolve(Response.json({ data, error: null, metadata }));
  });
});

afterEach(() => {
  client.clear();
  vi.unstubAllGlobals();
});

const poll = () => client.query({ ...liveSeries(filters), staleTime: 0 });
const counts = async () => (await poll()).points.map((point) => point.traffic_count);

it('asks only for what has changed since the last id, and then only for the buckets that these are in', async () => {
  expect(await counts()).toEqual([5, 6]);
  asked = [];
  expect(await counts()).toEqual([5, 6]);
  expect(asked.map((url) => [url.pathname, url.searchParams.get('id__gt'), url.searchParams.get('endpoint')])).toEqual([['/metrics', '7', '*']]);

  asked = [];
  changed = [{ window_start: minute(1) }];
  metadata = { last_id: 9, has_more: false };
  points = [{ window_start: minute(2), traffic_count: 500 }, { window_start: minute(1), traffic_count: 8 }, { window_start: minute(0), traffic_count: 1 }];
  expect(await counts()).toEqual([5, 8, 1]);
  expect(asked[1]?.searchParams.get('start_date')).toBe(`${Date.parse(minute(1))}`);
  expect((await poll()).lastId).toBe(9);
});

it('begins again when the database was replaced, or too much has changed at once', async () => {
  await poll();
  for (const said of [{ reset: true }, { has_more: true }]) {
    metadata = { last_id: 3, has_more: false, ...said };
    points = [{ window_start: minute(1), traffic_count: 2 }];
    expect(await counts()).toEqual([2]);
  }
});

it('keeps what it has when a poll fails', async () => {
  await poll();
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')));
  await expect(poll()).rejects.toThrow('the server cannot be reached');
  expect(client.getQueryData(liveSeries(filters).queryKey)?.points).toHaveLength(2);
});
