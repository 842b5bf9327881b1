import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { pages } from '../pages';
import { useParameters } from '../use-parameters';
import { readFilters, writeFilters, type Filters } from './filters';

/** The view's filters and a way to change some; each change is a step in the browser's history. */
export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [query, setQuery] = useParameters();
  const filters = useMemo(() => readFilters(query), [query]);
  return [filters, (change) => { setQuery((current) => writeFilters(current, change)); }];
}

/** A way to change what the URL says of a table or list; null leaves it out. It is no step in the browser's history. */
export function useSetParameters(): (change: Record<string, string | null>) => void {
  const [, setQuery] = useParameters();
  return (change) => {
    setQuery((current) => {
      const next = new URLSearchParams(current);
      for (const [name, value] of Object.entries(change)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      return next;
    }, { replace: true });
  };
}

/** The address of a view with these filters changed. */
export function useLinkTo(): (path: string, change: Partial<Filters>) => string {
  const [query] = useSearchParams();
  return (path, change) => {
    const next = writeFilters(query, change);
    for (const page of pages) if (page.path !== path) for (const name of page.parameters) next.delete(name);
    return `${path}?${next}`;
  };
}
