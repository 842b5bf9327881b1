import { formatCountry } from '../../shared/format';
import type { AggregatePoint } from './figures';
import type { Filters } from '../../shared/filters/filters';
import type { Series } from '../../shared/charts/prepare-rows';

// Okabe and Ito's colours, told apart also by lightness.
const classes = [
  { key: '2xx', color: 'var(--status-2xx)', of: (point: AggregatePoint) => point.status_2xx },
  { key: '3xx', color: 'var(--status-3xx)', of: (point: AggregatePoint) => point.status_3xx },
  { key: '4xx', color: 'var(--status-4xx)', of: (point: AggregatePoint) => point.status_4xx },
  { key: '5xx', color: 'var(--status-5xx)', of: (point: AggregatePoint) => point.status_5xx },
  { key: '1xx', color: 'var(--status-1xx)', of: (point: AggregatePoint) => point.status_1xx },
] as const;

export const statusColor = (status: string) => classes.find(({ key }) => key[0] === status[0])?.color ?? 'var(--ink-soft)';

/** Requests by status class; narrowed to one status or country where the view is. */
export function trafficSeries({ status, country }: Filters): Series[] {
  if (country !== null) {
    return [{ key: country, name: formatCountry(country), color: 'var(--accent)', of: (point) => point.countries?.[country] ?? null }];
  }
  if (status === null) return classes.map(({ key, color, of }) => ({ key, name: key, color, of }));
  const one = classes.find(({ key }) => key === status);
  return [{ key: status, name: status, color: statusColor(status), of: one ? one.of : (point) => point.status_codes[status] ?? 0 }];
}

/** All requests that the traffic chart is about. */
export function trafficOf(filters: Filters): (point: AggregatePoint) => number {
  if (filters.status === null && filters.country === null) return (point) => point.traffic_count;
  const series = trafficSeries(filters);
  return (point) => series.reduce((sum, { of }) => sum + (of(point) ?? 0), 0);
}

export const latencySeries: readonly Series[] = [
  { key: 'p50', name: 'p50', color: 'var(--chart-p50)', of: (point) => point.p50_latency },
  { key: 'p95', name: 'p95', color: 'var(--chart-p95)', of: (point) => point.p95_latency },
  { key: 'p99', name: 'p99', color: 'var(--chart-p99)', of: (point) => point.p99_latency },
];

/** Bytes a second. */
export const bandwidthSeries = (stepMs: number): readonly Series[] => [
  { key: 'out', name: 'Sent', color: 'var(--chart-out)', of: (point) => point.response_size / (stepMs / 1000) },
  { key: 'in', name: 'Received', color: 'var(--chart-in)', of: (point) => point.request_size / (stepMs / 1000) },
];

export const errorSeries: readonly Series[] = [
  { key: 'errors', name: 'Error rate', color: 'var(--status-5xx)', of: (point) => point.error_rate },
];
