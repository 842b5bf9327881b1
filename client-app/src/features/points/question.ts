import { useMemo } from 'react';
import { readFilters, writeFilters, type Range } from '../../shared/filters/filters';
import { useParameters } from '../../shared/use-parameters';

export const aggregates = ['rate', 'sum', 'avg', 'min', 'max', 'last', 'count', 'p50', 'p90', 'p95', 'p99'] as const;
export type Aggregate = (typeof aggregates)[number];

/** What a chart is of, as the URL says it. */
export interface Question {
  range: Range;
  service: string | null;
  metric: string | null;
  /** Null for what suits its kind. */
  aggregate: Aggregate | null;
  /** As `service`, `attributes.http.route` or `resource.host.name`. */
  group: string | null;
  /** Each as `attributes.pool=a`. */
  where: readonly string[];
}

export function readQuestion(query: URLSearchParams): Question {
  const { range, service } = readFilters(query);
  const group = query.get('group') ?? '';
  return {
    range, service,
    metric: query.get('metric'),
    aggregate: aggregates.find((name) => name === query.get('aggregate')) ?? null,
    group: /^(service|(attributes|resource)\..+)$/.test(group) ? group : null,
    where: query.getAll('where').filter((one) => /^(attributes|resource)\.[^=]+=/.test(one)),
  };
}

/** The query with the question changed. Of another metric nothing else is known yet. */
export function writeQuestion(query: URLSearchParams, change: Partial<Question>): URLSearchParams {
  const next = writeFilters(query, change.range ? { range: change.range } : {});
  if (change.metric !== undefined) for (const name of ['aggregate', 'group', 'where']) next.delete(name);
  for (const name of ['metric', 'aggregate', 'group'] as const) {
    const value = change[name];
    if (value === undefined) continue;
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  if (change.where) {
    next.delete('where');
    for (const one of change.where) next.append('where', one);
  }
  return next;
}

export function useQuestion(): [Question, (change: Partial<Question>) => void] {
  const [query, setQuery] = useParameters();
  const question = useMemo(() => readQuestion(query), [query]);
  return [question, (change) => { setQuery((current) => writeQuestion(current, change)); }];
}
