import { describe, expect, it } from 'vitest';
import type { MetricWindow } from './metric-window';
import { prepareSeries, sumUp } from './prepare-series';
import { mergeWindows } from './window-feed';

const start = Date.parse('2026-01-01T10:00:00Z');

function window(minute: number, id: number, figures: Partial<MetricWindow> = {}): MetricWindow {
  return {
    id, service: 'shop', endpoint: '*', window_start: new Date(start + minute * 60_000).toISOString(),
    p50_latency: 1, p95_latency: 2, p99_latency: 3, error_rate: 0, traffic_count: 1, status_5xx: 0, ...figures,
  };
}

describe('mergeWindows', () => {
  it('replaces a window by its newer revision and keeps the order of time', () => {
    const merged = mergeWindows([window(1, 5), window(0, 4)], [window(1, 9, { traffic_count: 7 }), window(2, 10)], start);
    expect(merged.map((w) => [w.id, w.traffic_count])).toEqual([[4, 1], [9, 7], [10, 1]]);
  });

  it('ignores a revision older than the one it has', () => {
    expect(mergeWindows([window(0, 9)], [window(0, 4)], start)[0]?.id).toBe(9);
  });

  it('lets windows go that began before the range', () => {
    expect(mergeWindows([window(0, 1), window(1, 2)], [], start + 60_000).map((w) => w.id)).toEqual([2]);
  });
});

describe('prepareSeries', () => {
  it('has one point a minute up to the present one, and a gap where there is no window', () => {
    const points = prepareSeries([window(12, 1, { traffic_count: 4 }), window(14, 2, { traffic_count: 6 })], start + 14 * 60_000 + 30_000);
    expect(points).toHaveLength(15);
    expect(points[0]?.at).toBe(start);
    expect(points.slice(-3).map((p) => p.traffic)).toEqual([4, null, 6]);
  });
});

describe('sumUp', () => {
  it('weighs errors by traffic', () => {
    expect(sumUp([window(0, 1, { traffic_count: 90 }), window(1, 2, { traffic_count: 10, status_5xx: 5 })])).toEqual({ traffic: 100, errorRate: 0.05 });
  });

  it('is no error of nothing', () => {
    expect(sumUp([])).toEqual({ traffic: 0, errorRate: 0 });
  });
});
