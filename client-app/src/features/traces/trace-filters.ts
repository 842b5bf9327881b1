import { useMemo } from 'react';
import type { Query } from '../../shared/api';
import { OWN_SERVICE, readFilters, resolve, writeFilters, type Range } from '../../shared/filters/filters';
import { useParameters } from '../../shared/use-parameters';

export const kinds = ['server', 'client', 'producer', 'consumer', 'internal', 'unspecified'] as const;
export const outcomes = ['error', 'ok', 'unset'] as const;

/** Which spans of a trace are listed. */
export const parts = [['entries', 'Entries'], ['roots', 'Roots'], ['all', 'All spans']] as const;
export type Part = (typeof parts)[number][0];

/** Everything that the list of spans is of, as the URL says it; the first four are those of other pages. */
export interface TraceFilters {
  range: Range;
  service: string | null;
  /** Of a server's span: method and route. */
  endpoint: string | null;
  /** HTTP's, a class or a code: 5xx, 404. */
  status: string | null;
  search: string;
  spans: Part;
  kind: string | null;
  name: string | null;
  outcome: string | null;
  /** ms, or longer. */
  longer: number | null;
  /** ms, and shorter. */
  shorter: number | null;
  /** Each as `attributes.db.system=postgresql` or `resource.host.name=a`. */
  attributes: readonly string[];
}

/** What is of no field. */
export const anySpan = {
  endpoint: null, status: null, spans: 'entries', search: '', kind: null, name: null, outcome: null, longer: null, shorter: null, attributes: [],
} as const satisfies Partial<TraceFilters>;

const ATTRIBUTE = /^(attributes|resource)\.[^=]+=/;

export function readTraceFilters(query: URLSearchParams): TraceFilters {
  const { range, service, endpoint, status } = readFilters(query);
  const one = <T extends string>(name: string, of: readonly T[]): T | null => of.find((value) => value === query.get(name)) ?? null;
  const number = (name: string) => (/^\d{1,9}(\.\d{1,6})?$/.test(query.get(name) ?? '') ? Number(query.get(name)) : null);
  return {
    range, service, endpoint, status,
    search: query.get('search') ?? '',
    spans: one('spans', parts.map(([part]) => part)) ?? 'entries',
    kind: one('kind', kinds),
    name: query.get('name'),
    outcome: one('outcome', outcomes),
    longer: number('longer'),
    shorter: number('shorter'),
    attributes: query.getAll('attribute').filter((attribute) => ATTRIBUTE.test(attribute)),
  };
}

const named = ['service', 'endpoint', 'status', 'search', 'kind', 'name', 'outcome', 'longer', 'shorter'] as const;

/** The query with these filters changed; whatever trace is open is closed. */
export function writeTraceFilters(query: URLSearchParams, change: Partial<TraceFilters>): URLSearchParams {
  const next = writeFilters(query, change.range ? { range: change.range } : {});
  for (const name of named) {
    const value = change[name];
    if (value === undefined) continue;
    if (value === null || value === '') next.delete(name);
    else next.set(name, `${value}`);
  }
  if (change.spans) {
    if (change.spans === 'entries') next.delete('spans');
    else next.set('spans', change.spans);
  }
  if (change.attributes) {
    next.delete('attribute');
    for (const attribute of change.attributes) next.append('attribute', attribute);
  }
  for (const name of ['trace', 'span', 'against', 'find']) next.delete(name);
  return next;
}

export function useTraceFilters(): [TraceFilters, (change: Partial<TraceFilters>) => void] {
  const [query, setQuery] = useParameters();
  const filters = useMemo(() => readTraceFilters(query), [query]);
  return [filters, (change) => { setQuery((current) => writeTraceFilters(current, change)); }];
}

/** The filters with an attribute more. Within a trace it is any span's, so all are listed. */
export const withAttribute = (filters: TraceFilters, attribute: string): Partial<TraceFilters> => ({
  spans: 'all', attributes: [...filters.attributes.filter((other) => other.split('=')[0] !== attribute.split('=')[0]), attribute],
});

/** Which spans are asked for, as the API takes it. */
export function traceQuery(filters: TraceFilters): Query {
  const range = resolve(filters.range);
  const hundred = filters.status?.endsWith('xx') ? Number(filters.status[0]) * 100 : null;
  return {
    service: filters.service,
    service__ne: filters.service === null ? OWN_SERVICE : null,
    endpoint: filters.endpoint,
    status_code: filters.status !== null && hundred === null ? filters.status : null,
    status_code__between: hundred === null ? null : `${hundred},${hundred + 99}`,
    search: filters.search === '' ? null : filters.search,
    spans: filters.spans,
    kind: filters.kind,
    name: filters.name,
    status: filters.outcome,
    duration__gte: filters.longer,
    duration__lt: filters.shorter,
    ...Object.fromEntries(filters.attributes.map((attribute) => {
      const at = attribute.indexOf('=');
      return [attribute.slice(0, at), attribute.slice(at + 1)];
    })),
    start_date: range.start,
    end_date: range.live ? null : range.end,
  };
}
