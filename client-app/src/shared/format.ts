const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });
const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });

/** Everything that is known of a value, with its unit; for where there is room for one. */
export const formatExactly = {
  requests: (value: number) => `${exact.format(value)} ${value === 1 ? 'request' : 'requests'}`,
  lines: (value: number) => `${exact.format(value)} ${value === 1 ? 'line' : 'lines'}`,
  spans: (value: number) => `${exact.format(value)} ${value === 1 ? 'span' : 'spans'}`,
  perSecond: (value: number) => `${new Intl.NumberFormat('en', { maximumFractionDigits: 6 }).format(value)} requests/s`,
  latency: (ms: number) => `${exact.format(ms)} ms`,
  rate: (rate: number) => `${new Intl.NumberFormat('en', { maximumFractionDigits: 4 }).format(rate * 100)} %`,
  bytesPerSecond: (bytes: number) => `${exact.format(bytes)} B/s`,
};

export const formatCount = (value: number) => count.format(value);

export const formatCompact = (value: number) => compact.format(value);

/** Milliseconds with the unit that reads best. */
export function formatLatency(ms: number): string {
  if (ms >= 60_000) return `${threeDigits.format(ms / 60_000)} min`;
  if (ms >= 1000) return `${threeDigits.format(ms / 1000)} s`;
  if (ms >= 1 || ms === 0) return `${threeDigits.format(ms)} ms`;
  return `${threeDigits.format(ms * 1000)} µs`;
}

/** Seconds with the two units that read best. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return formatLatency(seconds * 1000);
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds) % 60} s` : `${Math.floor(seconds)} s`;
}

/** 0..1 as a percentage; something small is never shown as nothing. */
export function formatRate(rate: number): string {
  if (rate > 0 && rate < 0.0001) return '< 0.01 %';
  return `${threeDigits.format(rate * 100)} %`;
}

export const formatPerSecond = (value: number) =>
  value > 0 && value < 0.01 ? '< 0.01 /s' : `${value >= 1_000 ? compact.format(value) : threeDigits.format(value)} /s`;

/** Bytes in powers of 1000, as networks count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${threeDigits.format(bytes / 1000 ** power)} ${units[power]}`;
}

export const formatBytesPerSecond = (bytes: number) => `${formatBytes(bytes)}/s`;

/** A change as a part of what was before, signed; a new thing has none. */
export function formatChange(change: number | null): string {
  if (change === null) return 'new';
  if (Math.abs(change) < 0.0005) return '±0 %';
  if (change >= 10) return `×${threeDigits.format(change + 1)}`;
  return `${change > 0 ? '+' : '−'}${threeDigits.format(Math.abs(change) * 100)} %`;
}

/** A difference of counts, signed. */
export const formatDelta = (delta: number) => `${delta > 0 ? '+' : delta < 0 ? '−' : '±'}${count.format(Math.abs(delta))}`;

/** A difference of milliseconds, signed. */
export const formatTimeDelta = (delta: number) => `${delta > 0 ? '+' : delta < 0 ? '−' : '±'}${formatLatency(Math.abs(delta))}`;

/** Networks report XX and T1 where they do not know. */
export function formatCountry(code: string): string {
  if (code === 'XX' || code === 'T1' || /\d/.test(code)) return code === 'T1' ? 'Tor network' : 'Unknown';
  try {
    return countries.of(code) ?? code;
  } catch {
    return code; // Two letters that are no region.
  }
}

/** A length of time in milliseconds, as in “15 min”. */
export function formatLength(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${threeDigits.format(hours)} h` : `${threeDigits.format(hours / 24)} days`;
}
