import { useMemo } from 'react';
import { useParameters } from '../../shared/use-parameters';
import { readLogFilters, writeLogFilters, type LogFilters } from './log-filters';

/** The page's filters and a way to change some; each change is a step in the browser's history. */
export function useLogFilters(): [LogFilters, (change: Partial<LogFilters>) => void] {
  const [query, setQuery] = useParameters();
  const filters = useMemo(() => readLogFilters(query), [query]);
  return [filters, (change) => { setQuery((current) => writeLogFilters(current, change)); }];
}

/** The address of the logs with these filters changed; whatever else they are filtered by goes. */
export function logsPath(query: URLSearchParams, change: Partial<LogFilters>): string {
  const next = new URLSearchParams();
  for (const name of ['range', 'from', 'to', 'service']) {
    const value = query.get(name);
    if (value !== null) next.set(name, value);
  }
  return `/dashboard/logs?${writeLogFilters(next, change)}`;
}
