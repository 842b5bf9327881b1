import { queryOptions } from '@tanstack/react-query';
import { getJson, type Query } from '../../shared/api';
import { serverNow } from '../../shared/clock';
import type { AggregatePoint } from './figures';
import { floorTo, resolve, seriesQuery, type Filters, type Resolved } from '../../shared/filters/filters';

export const POLL_MS = 2_000;

/** What has passed changes rarely: late observations only. */
const FIXED_POLL_MS = 10_000;
const MAX_CHANGED = 1_000;

export interface LiveSeries extends Resolved {
  /** By start, ascending; buckets without requests are absent. */
  points: AggregatePoint[];
  /** Of the newest window seen; it moves whenever anything has changed. */
  lastId: number;
}

export const liveKey = (filters: Filters) => ['metrics', 'live', filters.range, seriesQuery(filters)] as const;

/**
 * The range's buckets. They are asked for whole once; then, every 2 s, the windows that have changed since the last id
 * seen, and only from the first bucket that one of these is in is asked again.
 */
export const liveSeries = (filters: Filters) =>
  queryOptions({
    queryKey: liveKey(filters),
    queryFn: async ({ client, queryKey, signal }): Promise<LiveSeries> => {
      const seen = client.getQueryData<LiveSeries>(queryKey);
      const range = resolve(filters.range, serverNow());
      const series = seriesQuery(filters);
      if (!seen || seen.step !== range.step) return everything(range, series, signal);

      const { data: changed, metadata } = await getJson(
        '/metrics',
        { ...feedQuery(filters), id__gt: seen.lastId, limit: MAX_CHANGED, start_date: range.start, end_date: range.live ? null : range.end },
        signal,
      );
      if (metadata.reset === true || metadata.has_more === true) return everything(range, series, signal);

      const earliest = Math.min(...changed.map((window) => Date.parse(window.window_start)));
      const points = changed.length === 0
        ? seen.points
        : splice(
            seen.points,
            await aggregate({ ...range, start: Math.max(range.start, floorTo(earliest, range.step)) }, series, signal),
            floorTo(earliest, range.step),
          );
      return { ...range, points: points.filter((point) => Date.parse(point.window_start) >= range.start), lastId: metadata.last_id };
    },
    refetchInterval: filters.range.kind === 'last' ? POLL_MS : FIXED_POLL_MS,
    structuralSharing: false,
  });

/** Buckets from `from` on are replaced; nothing before them has changed. */
export const splice = (points: AggregatePoint[], fresh: AggregatePoint[], from: number) => [
  ...points.filter((point) => Date.parse(point.window_start) < from),
  ...fresh,
];

/** The buckets of a range, for setting beside. */
export async function aggregate(range: { start: number; end: number; step: number }, series: Query, signal: AbortSignal): Promise<AggregatePoint[]> {
  const { data } = await getJson('/metrics/aggregate', { ...series, start_date: range.start, end_date: range.end, window_size: range.step / 1000 }, signal);
  return data;
}

async function everything(range: Resolved, series: Query, signal: AbortSignal): Promise<LiveSeries> {
  // The cursor first: what changes after it is seen again, never missed. No window starts that late, so none is counted.
  const { metadata } = await getJson('/metrics', { limit: 1, start_date: range.end + 3_600_000_000 }, signal);
  return { ...range, points: await aggregate(range, series, signal), lastId: metadata.last_id };
}

/** Whole services are one row a minute; a single endpoint is its own. */
const feedQuery = (filters: Filters): Query => ({ ...seriesQuery({ ...filters, method: null }), endpoint: filters.endpoint ?? '*' });
