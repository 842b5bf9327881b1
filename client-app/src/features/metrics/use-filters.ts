import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { readFilters, writeFilters, type Filters } from './filters';

/** The view's filters and a way to change some; each change is a step in the browser's history. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [query, setQuery] = useSearchParams();
  const filters = useMemo(() => readFilters(query), [query]);
  return [filters, (change) => { setQuery((current) => writeFilters(current, change)); }];
}

/** The address of a view with these filters changed. */
export function useLinkTo(): (path: string, change: Partial<Filters>) => string {
  const [query] = useSearchParams();
  return (path, change) => {
    const next = writeFilters(query, change);
    if (path !== '/dashboard/metrics') for (const ofTable of ['q', 'sort', 'order']) next.delete(ofTable);
    return `${path}?${next}`;
  };
}
