import { useMemo } from 'react';
import type { Query } from '../../shared/api';
import { OWN_SERVICE, readFilters, resolve, writeFilters, type Range } from '../../shared/filters/filters';
import { useParameters } from '../../shared/use-parameters';

/** Everything that the list of captured requests is of, as the URL says it; the first six are those of other pages. */
export interface ReplayFilters {
  range: Range;
  service: string | null;
  endpoint: string | null;
  method: string | null;
  /** A class or a code: 5xx, 404. */
  status: string | null;
  country: string | null;
  search: string;
  /** Of a log line in the same trace. */
  pattern: number | null;
  trace: string | null;
  stage: string | null;
  version: string | null;
}

/** What is of no field. */
export const anyRequest = {
  endpoint: null, method: null, status: null, country: null, search: '', pattern: null, trace: null, stage: null, version: null,
} as const satisfies Partial<ReplayFilters>;

export function readReplayFilters(query: URLSearchParams): ReplayFilters {
  const { range, service, endpoint, method } = readFilters(query);
  const [pattern, status, country] = [query.get('pattern') ?? '', query.get('status') ?? '', query.get('country') ?? ''];
  return {
    range, service, endpoint, method,
    status: /^([1-5]xx|[1-5]\d\d)$/.test(status) ? status : null,
    country: /^[A-Z][A-Z0-9]$/.test(country) ? country : null,
    search: query.get('search') ?? '',
    pattern: /^\d{1,9}$/.test(pattern) ? Number(pattern) : null,
    trace: query.get('trace'),
    stage: query.get('stage'),
    version: query.get('version'),
  };
}

const named = ['service', 'endpoint', 'method', 'status', 'country', 'search', 'pattern', 'trace', 'stage', 'version'] as const;

/** The query with these filters changed; whatever request is open is closed. */
export function writeReplayFilters(query: URLSearchParams, change: Partial<ReplayFilters>): URLSearchParams {
  const next = writeFilters(query, change.range ? { range: change.range } : {});
  for (const name of named) {
    const value = change[name];
    if (value === undefined) continue;
    if (value === null || value === '') next.delete(name);
    else next.set(name, `${value}`);
  }
  for (const name of ['request', 'tab']) next.delete(name);
  return next;
}

export function useReplayFilters(): [ReplayFilters, (change: Partial<ReplayFilters>) => void] {
  const [query, setQuery] = useParameters();
  const filters = useMemo(() => readReplayFilters(query), [query]);
  return [filters, (change) => { setQuery((current) => writeReplayFilters(current, change)); }];
}

/** The address of the captured requests with these filters; of what else the page is filtered by, range and service alone stay. */
export function replayPath(query: URLSearchParams, change: Partial<ReplayFilters>): string {
  const next = new URLSearchParams();
  for (const name of ['range', 'from', 'to', 'service']) {
    const value = query.get(name);
    if (value !== null) next.set(name, value);
  }
  return `/dashboard/replay?${writeReplayFilters(next, change)}`;
}

/** Which requests are asked for, as the API takes it; without the range. */
function fieldQuery(filters: ReplayFilters): Query {
  const hundred = filters.status?.endsWith('xx') ? Number(filters.status[0]) * 100 : null;
  return {
    service: filters.service,
    service__ne: filters.service === null ? OWN_SERVICE : null,
    endpoint: filters.endpoint,
    method: filters.method,
    status_code: filters.status !== null && hundred === null ? filters.status : null,
    status_code__between: hundred === null ? null : `${hundred},${hundred + 99}`,
    geo_country: filters.country,
    search: filters.search === '' ? null : filters.search,
    pattern_id: filters.pattern,
    trace_id: filters.trace,
    stage: filters.stage,
    version: filters.version,
  };
}

export function replayQuery(filters: ReplayFilters): Query {
  const range = resolve(filters.range);
  return { ...fieldQuery(filters), start_date: range.start, end_date: range.live ? null : range.end };
}
