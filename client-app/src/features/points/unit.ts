import { formatBytes, formatCompact, formatLatency } from '../../shared/format';

/** How values of a unit (UCUM, as OpenTelemetry has it) are written. */
export function formatOf(unit: string, aggregate: string): (value: number) => string {
  const write = aggregate === 'count' ? formatCompact
    : unit === 's' ? (value: number) => formatLatency(value * 1_000)
      : unit === 'ms' ? formatLatency
        : unit === 'By' ? formatBytes
          : unit === '1' || unit === '' || unit.startsWith('{') ? formatCompact : (value: number) => `${formatCompact(value)} ${unit}`;
  // The rate of a histogram, or of what is counted in its own unit, is of occurrences.
  return aggregate === 'rate' ? (value) => `${unit === 'By' ? formatBytes(value) : formatCompact(value)} /s` : write;
}
