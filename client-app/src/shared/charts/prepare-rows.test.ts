import { describe, expect, it } from 'vitest';
import type { Schemas } from '../api';
import { marksByBucket, niceTicks, prepareRows, type Series } from './prepare-rows';

const start = Date.parse('2026-05-04T10:00:00Z');
const series: Series[] = [{ key: 'n', name: 'Requests', color: '', of: (point) => point.traffic_count }];
const point = (minute: number, traffic_count: number) =>
  ({ window_start: new Date(start + minute * 60_000).toISOString(), traffic_count }) as Schemas['AggregatePoint'];
const range = { start, end: start + 3 * 60_000 + 20_000, step: 60_000, live: true };

describe('prepareRows', () => {
  const rows = prepareRows([point(0, 5), point(2, 7), point(3, 1)], range, range.end, series, { points: [point(1, 9)], of: (other) => other.traffic_count });

  it('has a row for every bucket and a gap, not a zero, where there is none', () => {
    expect(rows.map((row) => row.values.n)).toEqual([5, null, 7, 1]);
  });

  it('draws the present bucket as unfinished, from the last finished one on', () => {
    expect(rows.map((row) => row.incomplete)).toEqual([false, false, false, true]);
    expect(rows.map((row) => row.solid.n ?? null)).toEqual([5, null, 7, null]);
    expect(rows.map((row) => row.open.n ?? null)).toEqual([null, null, 7, 1]);
  });

  it('sets the other range beside it, bucket by bucket', () => {
    expect(rows.map((row) => row.compared)).toEqual([null, 9, null, null]);
  });

  it('has nothing unfinished in a range that is over', () => {
    expect(prepareRows([point(0, 5)], { ...range, live: false }, range.end + 3_600_000, series).every((row) => !row.incomplete)).toBe(true);
  });
});

it('writes times under round minutes of the reader’s clock', () => {
  const rows = prepareRows([], { start: start + 60_000, end: start + 45 * 60_000, step: 60_000, live: false }, start, series);
  expect(niceTicks(rows, 7, () => 0).map((at) => (at - start) / 60_000)).toEqual([10, 20, 30, 40]);
  // Half an hour off, as in India, full quarters are elsewhere.
  expect(niceTicks(rows, 3, () => -5 * 60_000).map((at) => (at - start) / 60_000)).toEqual([10, 25, 40]);
});

it('finds the bucket of each mark, and leaves out those of other times', () => {
  const rows = prepareRows([], range, range.end, series);
  const mark = (key: number, time: string) => ({ key, at: Date.parse(time), label: `${key}`, says: `${key}` });
  const found = marksByBucket([mark(1, '2026-05-04T10:02:59Z'), mark(2, '2026-05-04T10:02:00Z'), mark(3, '2026-05-03T10:02:00Z')], rows, 60_000);
  expect([...found].map(([at, list]) => [at - start, list.map(({ key }) => key)])).toEqual([[120_000, [1, 2]]]);
});
