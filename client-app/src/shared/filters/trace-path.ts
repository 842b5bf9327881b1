/** The address of a whole trace; of what the page is filtered by, the range alone stays. Null for an id that no trace has. */
export function tracePath(query: URLSearchParams, trace: string | null, span?: string | null): string | null {
  if (!/^[0-9a-f]{32}$/.test(trace ?? '')) return null;
  const kept = new URLSearchParams();
  for (const name of ['range', 'from', 'to']) {
    const value = query.get(name);
    if (value !== null) kept.set(name, value);
  }
  kept.set('trace', trace ?? '');
  if (span) kept.set('span', span);
  return `/dashboard/traces?${kept}`;
}
