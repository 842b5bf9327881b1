import { writeFilters, type Range } from './filters';

interface Captured {
  /** Of a log line in the same trace. */
  pattern?: number;
  trace?: string;
  range?: Range;
}

/** The address of captured requests, for who knows them by what they logged; of what the page is filtered by, the range alone stays. */
export function capturedPath(query: URLSearchParams, { pattern, trace, range }: Captured): string {
  const kept = new URLSearchParams();
  for (const name of ['range', 'from', 'to']) {
    const value = query.get(name);
    if (value !== null) kept.set(name, value);
  }
  const next = writeFilters(kept, range ? { range } : {});
  if (pattern !== undefined) next.set('pattern', `${pattern}`);
  if (trace !== undefined) next.set('trace', trace);
  return `/dashboard/replay?${next}`;
}
