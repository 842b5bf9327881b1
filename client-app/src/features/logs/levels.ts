import type { Series } from '../../shared/charts/prepare-rows';
import type { Bucket } from './lines';
import { levels, type Level } from './log-filters';

export const levelColor: Record<Level, string> = {
  trace: 'var(--level-trace)',
  debug: 'var(--level-debug)',
  info: 'var(--level-info)',
  warn: 'var(--level-warn)',
  error: 'var(--level-error)',
  fatal: 'var(--level-fatal)',
};

/** The most frequent at the bottom. */
export const levelSeries: readonly Series<Bucket>[] = levels
  .toReversed()
  .map((level) => ({ key: level, name: level, color: levelColor[level], of: (bucket) => bucket[level] }));
