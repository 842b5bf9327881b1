import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Choice } from '../../shared/choice';
import { Popover } from '../../shared/popover';
import { useTitle } from '../../shared/use-title';
import { useMay } from '../access/access';
import { DeadView } from './dead-view';
import { EnqueueForm } from './enqueue-form';
import { JobDetail } from './job-detail';
import { JobsView } from './jobs-view';
import { NowView } from './now-view';
import { stats, type Scope } from './queries';
import { SchedulesView } from './schedules-view';
import { useJobsView, type View } from './use-view';

/** Work that runs beside requests: what waits, runs, failed, and what runs by the clock. */
export function JobsPage() {
  useTitle('Jobs and schedules');
  const { view, scope, job, set } = useJobsView();
  const [isOwner, mayWrite] = [useMay('owner'), useMay('write')];
  const [isAsking, setAsking] = useState(false);
  const { data } = useQuery(stats(scope));
  const deadCount = data && data.dead.count > 0 ? ` (${data.dead.count}${data.dead.is_lower_bound ? '+' : ''})` : '';
  return (
    <>
      <h1 className="sr-only">Jobs and schedules</h1>
      <div className="flex flex-wrap items-center gap-2">
        <Choice<View>
          label="Show"
          value={view}
          choices={[['now', 'Now'], ['jobs', 'Jobs'], ['schedules', 'Schedules'], ['dead', `Dead letters${deadCount}`]]}
          onChange={(next) => { set({ view: next === 'now' ? null : next, job: null }); }}
        />
        {isOwner && (
          <Choice<Scope>
            label="Whose"
            value={scope}
            choices={[['project', 'This project'], ['system', 'Bayou itself']]}
            onChange={(next) => { set({ scope: next === 'project' ? null : next, job: null, type: null }); }}
          />
        )}
        {mayWrite && (
          <div className="ml-auto">
            <Popover name="Run a job" inside="w-96 p-4 text-sm" isOpen={isAsking} onOpen={setAsking}>
              <EnqueueForm
                key={scope}
                scope={scope}
                onDone={(id) => {
                  setAsking(false);
                  set({ job: `${id}` });
                }}
              />
            </Popover>
          </div>
        )}
      </div>
      {job !== null && <JobDetail key={job} id={job} onClose={() => { set({ job: null }); }} />}
      {view === 'now' && <NowView scope={scope} />}
      {view === 'jobs' && <JobsView scope={scope} />}
      {view === 'schedules' && <SchedulesView scope={scope} />}
      {view === 'dead' && <DeadView scope={scope} />}
    </>
  );
}
