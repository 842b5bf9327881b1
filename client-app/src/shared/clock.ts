/** How far the server's clock is ahead of this browser's, in milliseconds. */
let ahead = 0;

// The header has whole seconds, so less than this is no difference.
const TOLERANCE_MS = 2_000;

/** Learns the server's time from an answer's Date header: a wrong clock here must not move the ranges asked for. */
export function noteServerTime(date: string | null): void {
  const server = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server - Date.now();
  ahead = Math.abs(difference) < TOLERANCE_MS ? 0 : difference;
}

/** The present time as the server has it. */
export const serverNow = () => Date.now() + ahead;
