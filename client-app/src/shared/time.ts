import { useMemo } from 'react';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export type Zone = 'local' | 'UTC';

/** Which clock times are shown in. */
export const useZone = create<{ zone: Zone; setZone: (zone: Zone) => void }>()(
  persist((set) => ({ zone: 'local', setZone: (zone) => { set({ zone }); } }), { name: 'bayou.zone' }),
);

export interface TimeFormats {
  zone: Zone;
  /** Hours and minutes; also the day where a chart spans several. */
  axis: (at: number, spanMs: number) => string;
  /** Exact to the minute, with the day. */
  full: (at: number) => string;
  /** Hours, minutes and seconds. */
  clock: (at: number) => string;
  /** For an input of type datetime-local. */
  input: (at: number) => string;
  /** Of an input's value; NaN when it is none. */
  parseInput: (text: string) => number;
}

const DAY_MS = 86_400_000;

export function timeFormats(zone: Zone): TimeFormats {
  const make = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', zone === 'UTC' ? { ...options, timeZone: 'UTC' } : options);
  const minutes = make({ hour: '2-digit', minute: '2-digit' });
  const days = make({ day: 'numeric', month: 'short' });
  const full = make({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const clock = make({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const offset = (at: number) => (zone === 'UTC' ? 0 : new Date(at).getTimezoneOffset() * 60_000);
  return {
    zone,
    axis: (at, span) => (span > 2 * DAY_MS && minutes.format(at) === '00:00' ? days.format(at) : minutes.format(at)),
    full: (at) => `${full.format(at)}${zone === 'UTC' ? ' UTC' : ''}`,
    clock: (at) => clock.format(at),
    input: (at) => new Date(at - offset(at)).toISOString().slice(0, 16),
    parseInput: (text) => Date.parse(zone === 'UTC' ? `${text}Z` : text),
  };
}

export function useTime(): TimeFormats {
  const zone = useZone((state) => state.zone);
  return useMemo(() => timeFormats(zone), [zone]);
}
