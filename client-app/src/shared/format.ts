const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const formatCount = (value: number) => count.format(value);

export const formatCompact = (value: number) => compact.format(value);

/** Milliseconds with the unit that reads best. */
export function formatLatency(ms: number): string {
  if (ms >= 1000) return `${threeDigits.format(ms / 1000)} s`;
  if (ms >= 1 || ms === 0) return `${threeDigits.format(ms)} ms`;
  return `${threeDigits.format(ms * 1000)} µs`;
}

/** 0..1 as a percentage; something small is never shown as nothing. */
export function formatRate(rate: number): string {
  if (rate > 0 && rate < 0.0001) return '< 0.01 %';
  return `${threeDigits.format(rate * 100)} %`;
}

/** Hours and minutes of the reader's own clock. */
export const formatTime = (at: number) => time.format(at);
