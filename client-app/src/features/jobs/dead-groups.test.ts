import { expect, test } from 'vitest';
import { groupDead } from './dead-groups';
import type { Job } from './queries';

const job = (id: number, type: string, error: string, pattern: string | null) =>
  ({ id, type, error, error_pattern: pattern, finished_at: `2026-01-01T00:00:0${id}.000Z` }) as Job;

test('jobs that died of the same are one group, the largest first, told by the newest', () => {
  const groups = groupDead([
    job(1, 'mail', 'order 7 is gone', 'order * is gone'),
    job(2, 'mail', 'no route', 'no route'),
    job(3, 'mail', 'order 9 is gone', 'order * is gone'),
    job(4, 'bill', 'order 9 is gone', 'order * is gone'),
  ]);
  expect(groups.map(({ type, pattern, count, error }) => [type, pattern, count, error])).toEqual([
    ['mail', 'order * is gone', 2, 'order 9 is gone'],
    ['bill', 'order * is gone', 1, 'order 9 is gone'],
    ['mail', 'no route', 1, 'no route'],
  ]);
});

test('an error without a pattern is its own', () => {
  expect(groupDead([job(1, 'mail', 'boom', null)])[0]?.pattern).toBe('boom');
});
