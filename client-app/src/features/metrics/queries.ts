import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { getJson, type Query } from '../../shared/api';
import { isEndpoint, type AggregatePoint, type KnownService } from './figures';
import { comparedStart, OWN_SERVICE, ranges, resolve, seriesQuery, type Filters, type Range, type Resolved, type Span } from '../../shared/filters/filters';
import { aggregate, liveKey, POLL_MS, type LiveSeries } from './live-series';

/** Which services there are; a new one shows up within seconds. */
export const knownServices = queryOptions({
  queryKey: ['metrics', 'services'],
  queryFn: async ({ signal }) => (await getJson('/metrics/services', {}, signal)).data,
  refetchInterval: POLL_MS,
});

/** The services of others; Bayou's own only while there are none. */
export function shownServices(services: KnownService[]): string[] {
  const others = services.map((known) => known.service).filter((service) => service !== OWN_SERVICE);
  return others.length > 0 ? others : services.map((known) => known.service);
}

/** What a view shows before anything is picked: the only service, else all but Bayou's own. */
export function defaultService(services: KnownService[]): string | null {
  const shown = shownServices(services);
  return shown.length === 1 ? (shown[0] ?? null) : null;
}

/** The longer the range, the less a moment changes it. */
const followMs = ({ range }: Filters) => (range.kind === 'custom' ? 10_000 : Math.max(POLL_MS, Math.min(60_000, ranges[range.name] / 2_000)));

interface Followed<T> {
  mark: string;
  answer: T;
}

/**
 * A question about a view, asked again only when the live series has moved or a minute has passed; in between a poll costs
 * nothing. What is of the past alone does not move with the series.
 */
function follow<T>(name: string, filters: Filters, ask: (range: Resolved, signal: AbortSignal) => Promise<T>, isPast = false) {
  const view = { ...filters, selection: null }; // Which part of it is explained makes no difference.
  return queryOptions({
    queryKey: ['metrics', name, view],
    queryFn: async ({ client, queryKey, signal }): Promise<Followed<T>> => {
      const range = resolve(filters.range);
      const moved = isPast ? 0 : (client.getQueryData<LiveSeries>(liveKey(filters))?.lastId ?? 0);
      const mark = `${moved} ${Math.floor(range.end / 60_000)}`;
      const seen = client.getQueryData<Followed<T>>(queryKey);
      return seen?.mark === mark ? seen : { mark, answer: await ask(range, signal) };
    },
    select: (followed: Followed<T>) => followed.answer,
    refetchInterval: followMs(filters),
    placeholderData: keepPreviousData,
  });
}

const spanQuery = (range: Span | Resolved): Query =>
  'from' in range ? { start_date: range.from, end_date: range.to } : { start_date: range.start, end_date: range.end };

export const rangeQuery = (filters: Filters, range: Resolved): Query => ({
  ...seriesQuery(filters), ...spanQuery(range), status: filters.status, compare_to: comparedStart(range, filters.compare),
});

export const summary = (filters: Filters) =>
  follow('summary', filters, async (range, signal) => (await getJson('/metrics/summary', rangeQuery(filters, range), signal)).data);

/** The same buckets of the range it is set beside, moved onto this one; none when it stands alone. */
export const comparedSeries = (filters: Filters) =>
  follow('compared', filters, async (range, signal): Promise<AggregatePoint[]> => {
    const other = comparedStart(range, filters.compare);
    if (other === null) return [];
    const shift = range.start - other;
    const step = range.step;
    // A whole number of buckets, so that they line up.
    const whole = Math.round(shift / step) * step;
    const points = await aggregate({ start: range.start - whole, end: range.end - whole, step }, seriesQuery(filters), signal);
    return points.map((point) => ({ ...point, window_start: new Date(Date.parse(point.window_start) + whole).toISOString() }));
  }, true);

export type TopBy = 'traffic' | 'errors' | 'p95' | 'time';

export const topEndpoints = (filters: Filters, by: TopBy) =>
  follow(`top-${by}`, filters, async (range, signal) =>
    (await getJson('/metrics/top', { ...rangeQuery(filters, range), by, limit: 8 }, signal)).data.filter(isEndpoint));

/** Every endpoint of the view, with its traffic over time. */
export const endpointTable = (filters: Filters) =>
  follow('endpoints', filters, async (range, signal) =>
    (await getJson('/metrics/top', { ...rangeQuery(filters, range), limit: 10_000, points: 30 }, signal)).data.filter(isEndpoint));

export const topStatuses = (filters: Filters) =>
  follow('statuses', filters, async (range, signal) =>
    (await getJson('/metrics/top', { ...rangeQuery(filters, range), dimension: 'status', limit: 20 }, signal)).data);

/** Countries are counted per service, over all its endpoints and statuses. */
export const countriesQuery = (filters: Filters, range: Resolved): Query =>
  ({ ...rangeQuery({ ...filters, endpoint: null, method: null, status: null }, range), dimension: 'country' });

export const topCountries = (filters: Filters) =>
  follow('countries', filters, async (range, signal) =>
    (await getJson('/metrics/top', { ...countriesQuery(filters, range), limit: 20 }, signal)).data);

export const distribution = (filters: Filters) =>
  follow('distribution', filters, async (range, signal) =>
    (await getJson('/metrics/distribution', { ...seriesQuery(filters), ...spanQuery(range) }, signal)).data);

export const heatmap = (filters: Filters) =>
  follow('heatmap', filters, async (range, signal) =>
    (await getJson('/metrics/heatmap', { ...seriesQuery(filters), ...spanQuery(range), window_size: range.step / 1000 }, signal)).data);

export const freshness = (filters: Filters) =>
  queryOptions({
    queryKey: ['metrics', 'freshness', filters.service, filters.range],
    queryFn: async ({ signal }) =>
      (await getJson('/metrics/freshness', { service: filters.service, ...spanQuery(resolve(filters.range)) }, signal)).data,
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });

export const losses = (range: Range) =>
  queryOptions({
    queryKey: ['metrics', 'losses', range],
    queryFn: async ({ signal }) => (await getJson('/metrics/losses', spanQuery(resolve(range)), signal)).data,
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });

export type ChangeBy = 'traffic' | 'errors' | 'latency';

/** What made a span differ from the one it is set beside. */
export const changesQuery = (filters: Filters, span: Span, by: ChangeBy): Query => ({
  ...seriesQuery(filters), ...spanQuery(span), by, limit: 8,
  compare_to: comparedStart({ start: span.from, end: span.to }, filters.compare === 'none' ? 'before' : filters.compare),
});

export const changes = (filters: Filters, span: Span, by: ChangeBy) =>
  queryOptions({
    queryKey: ['metrics', 'changes', changesQuery(filters, span, by)],
    queryFn: async ({ signal }) => (await getJson('/metrics/changes', changesQuery(filters, span, by), signal)).data,
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });
