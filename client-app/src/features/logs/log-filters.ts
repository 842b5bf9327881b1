import type { Query } from '../../shared/api';
import { readFilters, writeFilters, type Range } from '../../shared/filters/filters';

/** Everything that the logs page is of, as the URL says it; the range and the service are those of the other pages. */
export interface LogFilters {
  range: Range;
  service: string | null;
  search: string;
  mode: Mode;
  levels: Level[];
  sources: string[];
  pattern: number | null;
  trace: string | null;
  meta: MetaFilter[];
}

/** A field inside a line's meta and what it must, or must not, be. */
export interface MetaFilter {
  key: string;
  value: string;
  isNegated: boolean;
}

export const modes = { hybrid: 'Words or meaning', keyword: 'Words', semantic: 'Meaning' } as const;
export type Mode = keyof typeof modes;

/** From the gravest. */
export const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type Level = (typeof levels)[number];

export const isLevel = (text: string): text is Level => (levels as readonly string[]).includes(text);

const list = (text: string | null) => (text ?? '').split(',').filter(Boolean);

/** Reads a URL's query; what cannot be read is as if it were not there. */
export function readLogFilters(query: URLSearchParams): LogFilters {
  const { range, service } = readFilters(query);
  const mode = query.get('mode') ?? '';
  const pattern = query.get('pattern') ?? '';
  return {
    range,
    service,
    search: query.get('search') ?? '',
    mode: Object.hasOwn(modes, mode) ? (mode as Mode) : 'hybrid',
    levels: list(query.get('level')).filter(isLevel),
    sources: query.getAll('source').filter(Boolean),
    pattern: /^\d{1,9}$/.test(pattern) ? Number(pattern) : null,
    trace: query.get('trace'),
    meta: query.getAll('meta').flatMap(readMeta),
  };
}

function readMeta(text: string): MetaFilter[] {
  const isNegated = text.startsWith('-');
  const body = isNegated ? text.slice(1) : text;
  const equals = body.indexOf('=');
  return equals < 1 ? [] : [{ key: body.slice(0, equals), value: body.slice(equals + 1), isNegated }];
}

const writeMeta = ({ key, value, isNegated }: MetaFilter) => `${isNegated ? '-' : ''}${key}=${value}`;

/** The query with these filters changed; what is as by default is left out. */
export function writeLogFilters(query: URLSearchParams, change: Partial<LogFilters>): URLSearchParams {
  const next = writeFilters(query, {
    ...(change.range ? { range: change.range } : {}),
    ...('service' in change ? { service: change.service } : {}),
  });
  const set = (name: string, values: readonly string[]) => {
    next.delete(name);
    for (const value of values) if (value !== '') next.append(name, value);
  };
  if (change.search !== undefined) set('search', [change.search]);
  if (change.mode) set('mode', change.mode === 'hybrid' ? [] : [change.mode]);
  if (change.levels) set('level', [change.levels.join(',')]);
  if (change.sources) set('source', change.sources);
  if ('pattern' in change) set('pattern', change.pattern == null ? [] : [`${change.pattern}`]);
  if ('trace' in change) set('trace', change.trace == null ? [] : [change.trace]);
  if (change.meta) set('meta', change.meta.map(writeMeta));
  next.delete('line');
  return next;
}

/** Which lines are asked for, as the API takes it; without the range. */
export function logQuery(filters: LogFilters): Query {
  const query: Query = {
    service: filters.service,
    level__in: filters.levels.length > 0 ? filters.levels.join(',') : null,
    source: filters.sources.length === 1 ? filters.sources[0] : null,
    source__in: filters.sources.length > 1 ? filters.sources : null,
    pattern_id: filters.pattern,
    trace_id: filters.trace,
    search: filters.search === '' ? null : filters.search,
    mode: filters.search !== '' && filters.mode !== 'hybrid' ? filters.mode : null,
  };
  for (const { key, value, isNegated } of filters.meta) query[`meta.${key}${isNegated ? '__ne' : ''}`] = value;
  return query;
}

/** The words and phrases to be marked in what a search has found. */
export function searchedWords(search: string): string[] {
  const words: string[] = [];
  for (const [, sign, quoted, plain] of search.matchAll(/([-+]?)(?:"([^"]*)"?|(\S+))/g)) {
    const word = quoted ?? (plain ?? '').replace(/(?<=.)\*$/, '');
    const isField = quoted === undefined && /^(source|service|level|pattern|trace):./i.test(word);
    if (sign !== '-' && word !== '' && !isField) words.push(word);
  }
  return words;
}

/** Whether a search has a star that is no ending. */
export const hasLiteralStar = (search: string): boolean => /\*\S/.test(search) || /(^|\s)[-+]?\*(\s|$)/.test(search);
