import { useParameters } from '../../shared/use-parameters';
import { useMay } from '../access/access';
import type { JobFilter, Scope } from './queries';

export type View = 'now' | 'jobs' | 'schedules' | 'dead';

const views: readonly View[] = ['now', 'jobs', 'schedules', 'dead'];

/** What the page shows, as its address has it. */
export function useJobsView() {
  const [parameters, change] = useParameters();
  const view = views.find((one) => one === parameters.get('view')) ?? 'now';
  const isOwner = useMay('owner');
  const scope: Scope = isOwner && parameters.get('scope') === 'system' ? 'system' : 'project';
  const filter: JobFilter = {
    status: parameters.get('status'), type: parameters.get('type'), queue: parameters.get('queue'), search: parameters.get('search'),
    error_pattern: parameters.get('pattern'),
  };
  const job = Number(parameters.get('job')) || null;

  const set = (values: Record<string, string | null>) => {
    change((current) => {
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === '') current.delete(name);
        else current.set(name, value);
      }
      return current;
    });
  };
  return { view, scope, filter, job, set };
}
