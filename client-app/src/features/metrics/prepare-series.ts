import type { MetricWindow } from './metric-window';
import { rangeStart, WINDOW_MS } from './window-feed';

export interface ChartPoint {
  /** Start of the window, in milliseconds since the epoch. */
  at: number;
  traffic: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** One point a minute over the range. A minute without a window is a gap, not a zero. */
export function prepareSeries(windows: MetricWindow[], now: number): ChartPoint[] {
  const byStart = new Map(windows.map((window) => [Date.parse(window.window_start), window]));
  const points: ChartPoint[] = [];
  for (let at = rangeStart(now); at <= now; at += WINDOW_MS) {
    const window = byStart.get(at);
    points.push({
      at,
      traffic: window?.traffic_count ?? null,
      p50: window?.p50_latency ?? null,
      p95: window?.p95_latency ?? null,
      p99: window?.p99_latency ?? null,
    });
  }
  return points;
}

/** What the range adds up to. Percentiles are not here: they cannot be had from percentiles. */
export function sumUp(windows: MetricWindow[]): { traffic: number; errorRate: number } {
  const traffic = windows.reduce((sum, window) => sum + window.traffic_count, 0);
  const errors = windows.reduce((sum, window) => sum + window.status_5xx, 0);
  return { traffic, errorRate: traffic === 0 ? 0 : errors / traffic };
}
