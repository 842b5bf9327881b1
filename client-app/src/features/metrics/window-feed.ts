import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../shared/api';
import type { MetricWindow } from './metric-window';

export const POLL_MS = 2_000;
export const RANGE_MS = 15 * 60_000;

export const WINDOW_MS = 60_000;
const MAX_ROWS = 1_000;

/** Start of the oldest window of the range whose newest is the present one: all that the page shows begins here. */
export const rangeStart = (now: number) => now - (now % WINDOW_MS) - RANGE_MS + WINDOW_MS;

export interface WindowFeed {
  /** By start, ascending; each window once, in its latest revision. */
  windows: MetricWindow[];
  lastId: number;
  hasMore: boolean;
}

interface FeedMetadata {
  last_id: number;
  has_more?: boolean;
  reset?: boolean;
}

/** The range's windows first, then only what has changed since the last id seen. */
export const windowFeed = (service: string) =>
  queryOptions({
    queryKey: ['metrics', 'feed', service],
    queryFn: async ({ client, queryKey, signal }): Promise<WindowFeed> => {
      const seen = client.getQueryData<WindowFeed>(queryKey);
      const since = rangeStart(Date.now());
      const query = new URLSearchParams({ service, endpoint: '*', limit: `${MAX_ROWS}` });
      if (seen) query.set('id__gt', `${seen.lastId}`);
      else query.set('start_date', `${since}`);

      const { data, metadata } = await getJson<MetricWindow[], FeedMetadata>(`/metrics?${query}`, signal);
      // The database was replaced by an older one: begin again.
      const kept = metadata.reset ? [] : (seen?.windows ?? []);
      return { windows: mergeWindows(kept, data, since), lastId: metadata.last_id, hasMore: metadata.has_more ?? false };
    },
    refetchInterval: ({ state }) => (state.data?.hasMore ? 100 : POLL_MS),
    structuralSharing: false,
  });

/** Newer revisions replace older ones; windows that began before `since` go. */
export function mergeWindows(seen: MetricWindow[], changed: MetricWindow[], since: number): MetricWindow[] {
  const byStart = new Map(seen.map((window) => [window.window_start, window]));
  for (const window of changed) {
    const known = byStart.get(window.window_start);
    if (!known || known.id < window.id) byStart.set(window.window_start, window);
  }
  return [...byStart.values()]
    .filter((window) => Date.parse(window.window_start) >= since)
    .sort((a, b) => a.window_start.localeCompare(b.window_start));
}
