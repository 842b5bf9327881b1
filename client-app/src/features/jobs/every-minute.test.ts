import { expect, test } from 'vitest';
import { everyMinute } from './every-minute';

test('there is a row for each of the last sixty minutes, whether or not anything ended in it', () => {
  const rows = everyMinute(
    [{ minute: '2026-01-01T12:00:00.000Z', succeeded: 3, failed: 1, dead: 0, cancelled: 0, wait_ms: 5, run_ms: 7 }],
    Date.parse('2026-01-01T12:01:30Z'),
  );
  expect(rows).toHaveLength(60);
  expect(rows.at(-1)).toMatchObject({ at: Date.parse('2026-01-01T12:01:00Z'), succeeded: 0, known: false });
  expect(rows.at(-2)).toMatchObject({ succeeded: 3, failed: 1, run: 7, known: true });
});
