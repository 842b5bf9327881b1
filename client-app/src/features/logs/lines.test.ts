import { describe, expect, it } from 'vitest';
import { merge, MOST_LINES, type Line } from './lines';

const line = (id: number, second: number): Line => ({
  id, source: 's', service: null, level: 'info', message: `${id}`, meta: null, pattern_id: 1, trace_id: null,
  created_at: new Date(second * 1_000).toISOString(), ingested_at: new Date(second * 1_000).toISOString(),
});

describe('lines that come', () => {
  it('lie among the others by their own time, the newest first, each once', () => {
    const held = [line(3, 30), line(2, 20), line(1, 10)];
    expect(merge(held, [line(4, 15), line(5, 40), line(3, 30), line(6, 30)]).map(({ id }) => id)).toEqual([5, 6, 3, 2, 4, 1]);
  });

  it('leave what is held as it is when there are none', () => {
    const held = [line(1, 10)];
    expect(merge(held, [line(1, 10)])).toBe(held);
  });

  it('push out the oldest when there are too many', () => {
    const held = Array.from({ length: MOST_LINES }, (_, i) => line(MOST_LINES - i, MOST_LINES - i));
    const merged = merge(held, [line(MOST_LINES + 1, MOST_LINES + 1)]);
    expect([merged.length, merged[0]?.id, merged.at(-1)?.id]).toEqual([MOST_LINES, MOST_LINES + 1, 2]);
  });
});
