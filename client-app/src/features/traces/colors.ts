/** Of services, told apart also by lightness; more than these share them. */
const colors = [
  'var(--chart-out)', 'var(--chart-p95)', 'var(--status-2xx)', 'var(--chart-p99)', 'var(--chart-in)', 'var(--chart-p50)', 'var(--deploy)', 'var(--accent)',
];

/** A service has the same colour wherever and whenever it is shown. */
export function serviceColor(service: string): string {
  let hash = 0;
  for (const c of service) hash = (hash * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
  return colors[hash % colors.length] ?? 'var(--accent)';
}

export const outcomeColor: Record<string, string> = { error: 'var(--bad)', ok: 'var(--good)', unset: 'var(--ink-soft)' };
