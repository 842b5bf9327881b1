import type { Schemas } from '../../shared/api';

/** Figures of merged windows: latencies in milliseconds, rates 0..1, sizes in bytes. */
export type AggregatePoint = Schemas['AggregatePoint'];
export type KnownService = Schemas['KnownService'];
export type Comparison = Schemas['Comparison'];
export type Summary = Schemas['Summary'];
export type TopEntry = Schemas['TopEntry'];
export type ChangePart = Schemas['ChangePart'];
export type Changes = Schemas['Changes'];
export type Distribution = Schemas['Distribution'];
export type Heatmap = Schemas['Heatmap'];

/** An entry where endpoints are told apart: these have all figures. */
export type EndpointEntry = TopEntry &
  Required<Pick<TopEntry, 'service' | 'endpoint' | 'error_rate' | 'avg_latency' | 'p50_latency' | 'p95_latency' | 'p99_latency' | 'total_time'>>;

export const isEndpoint = (entry: TopEntry): entry is EndpointEntry => entry.endpoint !== undefined && entry.total_time !== undefined;
