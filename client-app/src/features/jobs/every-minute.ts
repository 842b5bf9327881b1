import type { Stats } from './queries';

const MINUTE_MS = 60_000;
const SHOWN = 60;

/** A row for each of the last sixty minutes: one in which nothing ended is a zero, for nothing did. */
export function everyMinute(minutes: Stats['minutes'], now: number) {
  const known = new Map(minutes.map((minute) => [Date.parse(minute.minute), minute]));
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: SHOWN }, (_, i) => {
    const at = last - (SHOWN - 1 - i) * MINUTE_MS;
    const minute = known.get(at);
    return {
      at,
      known: minute !== undefined,
      succeeded: minute?.succeeded ?? 0,
      failed: minute?.failed ?? 0,
      dead: minute?.dead ?? 0,
      cancelled: minute?.cancelled ?? 0,
      wait: minute?.wait_ms ?? 0,
      run: minute?.run_ms ?? 0,
    };
  });
}
