import type { Changes } from './figures';
import type { ChangeBy } from './queries';

const NOTABLE_ERROR_RATE = 0.01;
const NOTABLE_SLOWDOWN = 0.25;

/** What a change is first explained by: errors if they rose, else latency if any of its figures did, else the requests. */
export function whatMoved({
  error_rate,
  avg_latency,
  p95_latency,
  p99_latency,
}: Pick<Changes, 'error_rate' | 'avg_latency' | 'p95_latency' | 'p99_latency'>): ChangeBy {
  if (error_rate.value - error_rate.previous >= NOTABLE_ERROR_RATE) return 'errors';
  if ([avg_latency, p95_latency, p99_latency].some(({ change }) => (change ?? 0) >= NOTABLE_SLOWDOWN)) return 'latency';
  return 'traffic';
}
