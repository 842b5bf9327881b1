/** Figures of merged windows as the API gives them: latencies in milliseconds, rates 0..1, sizes in bytes. */
export interface AggregatePoint {
  window_start: string;
  p50_latency: number;
  p95_latency: number;
  p99_latency: number;
  avg_latency: number;
  max_latency: number;
  error_rate: number;
  traffic_count: number;
  status_1xx: number;
  status_2xx: number;
  status_3xx: number;
  status_4xx: number;
  status_5xx: number;
  status_codes: Record<string, number>;
  request_size: number;
  response_size: number;
  /** Of whole services only. */
  countries?: Record<string, number>;
}

export interface KnownService {
  service: string;
  first_seen: string;
  last_seen: string;
  endpoints: number;
}

/** A figure beside the same of another range; `change` is null where there was nothing. */
export interface Comparison {
  value: number;
  previous: number;
  change: number | null;
}

export type Summary = Record<
  'traffic' | 'requests_per_second' | 'error_rate' | 'p50_latency' | 'p95_latency' | 'p99_latency' | 'avg_latency' | 'bytes_in' | 'bytes_out' | 'apdex',
  Comparison
>;

export interface TopEntry {
  service?: string;
  endpoint?: string;
  country?: string;
  status?: string;
  value: number;
  share: number;
  previous: number | null;
  change: number | null;
  traffic_count: number;
}

export interface EndpointEntry extends TopEntry {
  service: string;
  endpoint: string;
  error_rate: number;
  avg_latency: number;
  p50_latency: number;
  p95_latency: number;
  p99_latency: number;
  total_time: number;
  series?: (number | null)[];
}

export interface ChangePart {
  service?: string;
  endpoint?: string;
  status?: string;
  country?: string;
  value: number;
  previous: number;
  delta: number;
  share: number;
  statuses?: ChangePart[];
}

export interface Changes {
  value: number;
  previous: number;
  traffic: Comparison;
  error_rate: Comparison;
  avg_latency: Comparison;
  p95_latency: Comparison;
  p99_latency: Comparison;
  endpoints: ChangePart[];
  statuses: ChangePart[];
  countries: ChangePart[] | null;
}

export interface Distribution {
  count: number;
  p50_latency: number;
  p95_latency: number;
  p99_latency: number;
  max_latency: number;
  buckets: { from: number; to: number; count: number }[];
}

export interface Heatmap {
  edges: number[];
  windows: { window_start: string; counts: number[] }[];
}

export interface Freshness {
  behind_ms: number;
  rejected: number;
  dropped: number;
  last_error: string | null;
}

/** What of one service is missing from a range. */
export interface Loss {
  /** Null for what no known service can be told of. */
  service: string | null;
  rejected: number;
  dropped: number;
  last_minute: string;
  last_error: string | null;
}

export interface Deploy {
  id: number;
  service: string;
  version: string;
  time: string;
}
