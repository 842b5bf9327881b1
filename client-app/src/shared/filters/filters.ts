import { serverNow } from '../clock';
import type { Query } from '../api';

/** Everything that a view is of. It is what the URL says, so that a link shows the same. */
export interface Filters {
  range: Range;
  /** Null for all services but Bayou's own. */
  service: string | null;
  endpoint: string | null;
  method: string | null;
  /** A class or a code: 5xx, 404. */
  status: string | null;
  country: string | null;
  compare: Compare;
  /** A part of the range that is to be explained. */
  selection: Span | null;
}

export interface Span {
  from: number;
  to: number;
}

export type Range = { kind: 'last'; name: RangeName } | ({ kind: 'custom' } & Span);

export const ranges = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
} as const;
export type RangeName = keyof typeof ranges;
export const rangeNames = Object.keys(ranges) as RangeName[];

export const compares = {
  before: 'the range before',
  day: 'a day before',
  week: 'a week before',
  none: 'nothing',
} as const;
export type Compare = keyof typeof compares;

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const MINUTE_MS = 60_000;
const DEFAULT_RANGE: RangeName = '1h';
const MAX_POINTS = 180;
/** The longest range that can be chosen. */
export const LONGEST_MS = 400 * 86_400_000;
const STEPS_S = [60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Reads a URL's query; what cannot be read is as if it were not there. */
export function readFilters(query: URLSearchParams): Filters {
  const custom = readSpan(query.get('from'), query.get('to'));
  const name = query.get('range');
  const compare = query.get('compare');
  // Countries are counted for whole services and all statuses, so one stands alone.
  const country = /^[A-Z][A-Z0-9]$/.test(query.get('country') ?? '') && !query.has('endpoint') ? query.get('country') : null;
  return {
    range: custom ? { kind: 'custom', ...custom } : { kind: 'last', name: isRange(name) ? name : DEFAULT_RANGE },
    service: query.get('service'),
    endpoint: query.get('endpoint'),
    method: country === null ? query.get('method') : null,
    status: country === null && /^([1-5]xx|[1-5]\d\d)$/.test(query.get('status') ?? '') ? query.get('status') : null,
    country,
    compare: compare !== null && Object.hasOwn(compares, compare) ? (compare as Compare) : 'before',
    selection: readSpan(...splitSpan(query.get('sel'))),
  };
}

/** The query with these filters changed; what is as by default is left out. */
export function writeFilters(query: URLSearchParams, change: Partial<Filters>): URLSearchParams {
  const next = new URLSearchParams(query);
  const set = (name: string, value: string | null | undefined) => {
    if (value === null || value === undefined) next.delete(name);
    else next.set(name, value);
  };
  if (change.range) {
    const { range } = change;
    set('range', range.kind === 'last' && range.name !== DEFAULT_RANGE ? range.name : null);
    set('from', range.kind === 'custom' ? new Date(range.from).toISOString() : null);
    set('to', range.kind === 'custom' ? new Date(range.to).toISOString() : null);
    next.delete('sel');
  }
  for (const name of ['service', 'endpoint', 'method', 'status', 'country'] as const) {
    if (name in change) set(name, change[name]);
  }
  if (change.country) for (const other of ['method', 'status']) next.delete(other);
  else if (change.method || change.status) next.delete('country');
  if (change.compare) set('compare', change.compare === 'before' ? null : change.compare);
  if ('selection' in change)
    set('sel', change.selection ? `${new Date(change.selection.from).toISOString()}_${new Date(change.selection.to).toISOString()}` : null);
  return next;
}

export const isRange = (name: string | null): name is RangeName => name !== null && Object.hasOwn(ranges, name);

function splitSpan(text: string | null): [string | null, string | null] {
  const [from = null, to = null] = text?.split('_') ?? [];
  return [from, to];
}

function readSpan(from: string | null, to: string | null): Span | null {
  const read = (text: string | null) => (/^\d{4}-\d\d-\d\dT/.test(text ?? '') ? Date.parse(text ?? '') : NaN);
  const span = { from: read(from), to: read(to) };
  return span.to > span.from && span.to - span.from <= LONGEST_MS ? span : null;
}

/** A range in numbers: milliseconds since the epoch. */
export interface Resolved {
  start: number;
  /** The present moment of a live range. */
  end: number;
  /** Length of a bucket in milliseconds. */
  step: number;
  live: boolean;
}

/** A live range ends now and begins at a bucket's start, so that charts and sums are of the same minutes. */
export function resolve(range: Range, now: number = serverNow()): Resolved {
  if (range.kind === 'custom') {
    const from = floorTo(range.from, MINUTE_MS);
    const to = Math.max(from + MINUTE_MS, Math.ceil(range.to / MINUTE_MS) * MINUTE_MS);
    const step = stepOf(to - from);
    return { start: floorTo(from, step), end: to, step, live: false };
  }
  const length = ranges[range.name];
  const step = stepOf(length);
  return { start: floorTo(now - length, step) + step, end: now, step, live: true };
}

export const stepOf = (length: number) => (STEPS_S.find((s) => length / (s * 1000) <= MAX_POINTS) ?? 86_400) * 1000;

export const floorTo = (at: number, step: number) => at - (at % step);

/** The range of the same length before or after; null where that is the future. */
export function shifted(range: Range, direction: -1 | 1, now: number = serverNow()): Range | null {
  const { start, end } = resolve(range, now);
  if (direction === 1 && end >= now) return null;
  const move = direction * (end - start);
  return { kind: 'custom', from: start + move, to: end + move };
}

/** Start of the range that this one is set beside; null when it stands alone. */
export function comparedStart({ start, end }: { start: number; end: number }, compare: Compare): number | null {
  const day = 86_400_000;
  switch (compare) {
    case 'before': return start - (end - start);
    case 'day': return start - day;
    case 'week': return start - 7 * day;
    case 'none': return null;
  }
}

/** Which series a question is about, as the API takes it. */
export function seriesQuery(filters: Filters): Query {
  return {
    service: filters.service,
    service__ne: filters.service === null ? OWN_SERVICE : null,
    endpoint: filters.endpoint,
    endpoint__startswith: filters.endpoint === null && filters.method !== null ? `${filters.method} ` : null,
  };
}

/** Bayou's own API, which steps back once another service reports. */
export const OWN_SERVICE = 'bayou';
