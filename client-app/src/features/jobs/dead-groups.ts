import type { Job } from './queries';

/** Dead jobs that died of the same. */
export interface DeadGroup {
  type: string;
  pattern: string;
  count: number;
  /** Of the newest of them. */
  error: string;
  newest: Job;
}

/** The largest groups first. */
export function groupDead(jobs: readonly Job[]): DeadGroup[] {
  const groups = new Map<string, DeadGroup>();
  for (const job of jobs) {
    const pattern = job.error_pattern ?? job.error ?? '';
    const key = JSON.stringify([job.type, pattern]);
    const group = groups.get(key);
    if (!group) groups.set(key, { type: job.type, pattern, count: 1, error: job.error ?? 'It failed.', newest: job });
    else {
      group.count++;
      if (Date.parse(job.finished_at ?? '') > Date.parse(group.newest.finished_at ?? '')) {
        group.newest = job;
        group.error = job.error ?? group.error;
      }
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.newest.id - a.newest.id);
}
