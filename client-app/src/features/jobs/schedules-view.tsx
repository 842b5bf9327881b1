import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { formatDuration } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { schedules, type Schedule, type Scope } from './queries';
import { ScheduleForm } from './schedule-form';
import { Status } from './status';
import { useJobsView } from './use-view';

/** What runs by the clock. */
export function SchedulesView({ scope }: { scope: Scope }) {
  const { data, error } = useQuery(schedules(scope));
  const mayWrite = useMay('write');
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null);
  const close = () => { setEdited(null); };
  return (
    <>
      {edited && <ScheduleForm key={edited === 'new' ? 0 : edited.id} scope={scope} schedule={edited === 'new' ? null : edited} onClose={close} />}
      <Card
        title="Schedules"
        note={scope === 'system' ? "Bayou's own work" : 'jobs that come by the clock, each once for all workers'}
        actions={mayWrite && <button type="button" className="button" onClick={() => { setEdited('new'); }}>New schedule</button>}
      >
        {data && error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
        {!data && (error ? <Failed what="Schedules" error={error} /> : <Loading what="schedules" />)}
        {data?.length === 0 && <Empty>There is no schedule yet.</Empty>}
        {data && data.length > 0 && (
          <Table name="Schedules" columns={['Schedule', 'Runs', 'Last run', 'Next run']}>
            {data.map((schedule) => <ScheduleLine key={schedule.id} schedule={schedule} onEdit={() => { setEdited(schedule); }} />)}
          </Table>
        )}
      </Card>
    </>
  );
}

/** Who made those that Bayou cannot do without: they can be turned off, not deleted. */
const BUILT_IN = 'system';

const when = (schedule: Schedule, full: (at: number) => string) =>
  schedule.cron !== null ? `${schedule.cron}${schedule.time_zone === 'UTC' ? '' : `, ${schedule.time_zone}`}`
    : schedule.every_seconds !== null ? `every ${formatDuration(schedule.every_seconds)}`
      : `once, ${full(Date.parse(schedule.once_at ?? ''))}`;

function ScheduleLine({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const time = useTime();
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const { set } = useJobsView();
  const [isSure, setSure] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: ['jobs'] });
  const place = { id: schedule.id };
  const run = useMutation({ mutationFn: () => sendJson('post', '/worker/schedules/{id}/run', undefined, place), onSuccess: again });
  const turn = useMutation({ mutationFn: () => sendJson('patch', '/worker/schedules/{id}', { enabled: !schedule.enabled }, place), onSuccess: again });
  const remove = useMutation({ mutationFn: () => sendJson('delete', '/worker/schedules/{id}', undefined, place), onSuccess: again });
  const error = run.error ?? turn.error ?? remove.error;
  const { last_job_id: lastJob } = schedule;
  const lastSkipped = Date.parse(schedule.last_skipped ?? '');
  const skipped = lastSkipped > Date.parse(schedule.last_run ?? '1970-01-01T00:00:00Z') ? lastSkipped : null;
  return (
    <tr data-schedule={schedule.name} className={`align-top ${schedule.enabled ? '' : 'text-ink-soft'}`}>
      <th scope="row">
        {schedule.name}
        <span className="block text-xs font-normal text-ink-soft">{schedule.type}</span>
        {error && <span role="alert" className="block text-xs font-normal text-bad">{error.message}</span>}
      </th>
      <td className="whitespace-nowrap">{when(schedule, time.full)}</td>
      <td>
        {schedule.last_run ? time.full(Date.parse(schedule.last_run)) : 'never'}
        {lastJob !== null && schedule.last_status !== null && (
          <button type="button" className="block text-xs underline" onClick={() => { set({ job: `${lastJob}` }); }}>
            <Status status={schedule.last_status} />
          </button>
        )}
        {skipped !== null && <span className="block text-xs text-ink-soft">skipped {time.full(skipped)}</span>}
      </td>
      <td className="whitespace-nowrap">
        {!schedule.enabled ? 'is off' : schedule.next_run ? time.full(Date.parse(schedule.next_run)) : 'soon'}
      </td>
      <td className="text-right whitespace-nowrap">
        {mayWrite && (
          <span className="inline-flex justify-end gap-1">
            <button type="button" className="button" disabled={run.isPending} onClick={() => { run.mutate(); }}>Run now</button>
            <button type="button" className="button" onClick={onEdit}>Change</button>
            <button type="button" className="button" disabled={turn.isPending} onClick={() => { turn.mutate(); }}>
              {schedule.enabled ? 'Turn off' : 'Turn on'}
            </button>
            {schedule.created_by === BUILT_IN ? null : isSure
              ? <button type="button" className="button text-bad" onClick={() => { remove.mutate(); }}>Delete {schedule.name}</button>
              : <button type="button" className="button" onClick={() => { setSure(true); }}>Delete</button>}
          </span>
        )}
      </td>
    </tr>
  );
}
