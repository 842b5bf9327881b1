import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Popover } from '../../shared/popover';
import { Empty, Failed, Loading } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { Progress } from '../jobs/status';
import { RunForm } from './picked-bar';
import { run as one, runs, sets, type Run } from './queries';
import { Sent } from './replay-panel';

interface Props {
  open: number | null;
  onOpen: (id: number | null) => void;
}

/** Runs and what came of them, and the sets that can be run again. */
export function RunsView({ open, onOpen }: Props) {
  const { data, error } = useQuery(runs);
  if (!data) return error ? <Failed what="The runs" error={error} /> : <Loading what="the runs" />;
  return (
    <div className="flex flex-col gap-3">
      {open !== null && <Report id={open} onClose={() => { onOpen(null); }} />}
      <Sets onRun={onOpen} />
      <Card title="Runs">
        {data.length === 0 ? <Empty>Nothing was run yet. Pick captured requests in the list, and send them again.</Empty> : (
          <Table name="Runs" columns={['Begun', 'By', 'Of', 'Same', 'Differs', 'Mended', 'Failed', 'Refused', 'Gone']}>
            {data.map((run) => <RunLine key={run.id} run={run} onOpen={() => { onOpen(run.id); }} />)}
          </Table>
        )}
      </Card>
    </div>
  );
}

function RunLine({ run, onOpen }: { run: Run; onOpen: () => void }) {
  const time = useTime();
  return (
    <tr>
      <th scope="row" className="whitespace-nowrap">{time.full(Date.parse(run.created_at))}</th>
      <td>{run.created_by}</td>
      <td>{run.asked}{run.name !== null && ` of ${run.name}`}</td>
      <td className="text-good">{run.same}</td>
      <td className={run.differs > 0 ? 'text-warn' : ''}>{run.differs}</td>
      <td className={run.mended > 0 ? 'text-good' : ''}>{run.mended}</td>
      <td className={run.failed > 0 ? 'text-bad' : ''}>{run.failed}</td>
      <td>{run.refused}</td>
      <td>{run.gone}</td>
      <td className="text-right"><button type="button" className="button" onClick={onOpen}>{run.ended_at === null ? 'Watch' : 'Report'}</button></td>
    </tr>
  );
}

function Report({ id, onClose }: { id: number; onClose: () => void }) {
  const { data, error } = useQuery(one(id));
  const mayWrite = useMay('write');
  const cancel = useMutation({ mutationFn: (job: number) => sendJson('post', '/worker/jobs/{id}/cancel', undefined, { id: job }) });
  if (!data) return error ? <Failed what={`Run ${id}`} error={error} /> : <Loading what="the run" />;
  const { run, endpoints, replays } = data;
  const done = run.same + run.differs + run.failed + run.refused;
  return (
    <Card
      title={`Run ${id}${run.name === null ? '' : ` of ${run.name}`}`}
      note={`${run.same} same, ${run.differs} differ${run.mended > 0 ? ` (${run.mended} mended)` : ''}, ${run.failed} failed, ${run.refused} refused${
        run.gone > 0 ? `, ${run.gone} gone` : ''}`}
      className="border-accent"
      actions={
        <>
          {cancel.error && <span role="alert" className="text-xs text-bad">{cancel.error.message}</span>}
          {run.job_id !== null && <Link className="button" to={`/dashboard/worker?view=jobs&job=${run.job_id}`}>Its job</Link>}
          {run.ended_at === null && run.job_id !== null && mayWrite && (
            <button type="button" className="button" onClick={() => { if (run.job_id !== null) cancel.mutate(run.job_id); }}>Cancel</button>
          )}
          <button type="button" className="button" aria-label="Close this run" onClick={onClose}>×</button>
        </>
      }
    >
      {run.ended_at === null && <Progress value={done / run.asked} note={`${done} of ${run.asked}`} />}
      <Table name="By endpoint" columns={['Endpoint', 'Service', 'Same', 'Differs', 'Mended', 'Failed', 'Refused']}>
        {endpoints.map((row) => (
          <tr key={`${row.service} ${row.endpoint}`}>
            <th scope="row" className="font-mono wrap-anywhere">{row.endpoint}</th>
            <td>{row.service}</td><td>{row.same}</td><td>{row.differs}</td><td className={row.mended > 0 ? 'text-good' : ''}>{row.mended}</td>
            <td>{row.failed}</td><td>{row.refused}</td><td />
          </tr>
        ))}
      </Table>
      <ol aria-label="Requests of this run" className="mt-2 flex max-h-96 flex-col overflow-auto text-xs">
        {replays.filter(({ outcome }) => outcome !== 'same').map((replay) => <Sent key={replay.id} one={replay} />)}
      </ol>
    </Card>
  );
}

function Sets({ onRun }: { onRun: (id: number) => void }) {
  const client = useQueryClient();
  const time = useTime();
  const mayWrite = useMay('write');
  const { data } = useQuery(sets);
  const forget = useMutation({
    mutationFn: (name: string) => sendJson('delete', '/replay/sets/{name}', undefined, { name }),
    onSuccess: () => client.invalidateQueries({ queryKey: sets.queryKey }),
  });
  return data && data.length > 0 && (
    <Card title="Sets" note="captured requests to be sent again and again">
      <Table name="Sets" columns={['Name', 'Requests', 'Changed']}>
        {data.map((set) => (
          <tr key={set.name}>
            <th scope="row">{set.name}</th>
            <td>{set.ids.length}</td>
            <td>{time.full(Date.parse(set.updated_at))}</td>
            <td className="text-right whitespace-nowrap">
              {mayWrite && (
                <>
                  <Popover name="Run" inside="w-72 p-3 text-sm"><RunForm set={set.name} onRun={onRun} /></Popover>{' '}
                  <button type="button" className="button" onClick={() => { forget.mutate(set.name); }}>Forget</button>
                </>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
