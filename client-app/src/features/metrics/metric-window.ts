/** One 60-second window as `GET /metrics` gives it: latencies in milliseconds, rates 0..1. */
export interface MetricWindow {
  id: number;
  service: string;
  endpoint: string;
  window_start: string;
  p50_latency: number;
  p95_latency: number;
  p99_latency: number;
  error_rate: number;
  traffic_count: number;
  status_5xx: number;
}

export interface KnownEndpoint {
  service: string;
  endpoint: string;
  first_seen: string;
  last_seen: string;
}

/** One endpoint over the whole range, as `GET /metrics/top` gives it. */
export interface EndpointTotals {
  service: string;
  endpoint: string;
  share: number;
  traffic_count: number;
  error_rate: number;
  p95_latency: number;
}
