import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { formatCount } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { groupDead, type DeadGroup } from './dead-groups';
import { dead, type Scope } from './queries';
import { useJobsView } from './use-view';

/** Jobs that failed for good, by what they failed of. */
export function DeadView({ scope }: { scope: Scope }) {
  const { data, error } = useQuery(dead(scope));
  const groups = groupDead(data ?? []);
  return (
    <Card title="Dead letters" note="jobs that failed for good, by what they failed of; kept for 90 days">
      {data && error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      {!data && (error ? <Failed what="Dead letters" error={error} /> : <Loading what="dead letters" />)}
      {data?.length === 0 && <Empty>No job is dead.</Empty>}
      {groups.length > 0 && (
        <Table name="Dead letters" columns={['Failed of', 'Type', 'Jobs', 'Last']}>
          {groups.map((group) => <Group key={`${group.type} ${group.pattern}`} group={group} scope={scope} />)}
        </Table>
      )}
    </Card>
  );
}

function Group({ group, scope }: { group: DeadGroup; scope: Scope }) {
  const time = useTime();
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const { set } = useJobsView();
  const retry = useMutation({
    mutationFn: () => sendJson('post', '/worker/jobs/retry', undefined, {}, { scope, status: 'dead', type: group.type, error_pattern: group.pattern }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  return (
    <tr className="align-top">
      <th scope="row" className="max-w-xl min-w-48 wrap-anywhere">
        <button type="button" className="text-left underline" onClick={() => { set({ job: `${group.newest.id}` }); }}>{group.error}</button>
        {retry.error && <p role="alert" className="text-xs font-normal text-bad">{retry.error.message}</p>}
      </th>
      <td>{group.type}</td>
      <td className="tabular-nums">{formatCount(group.count)}</td>
      <td className="whitespace-nowrap">{group.newest.finished_at && time.full(Date.parse(group.newest.finished_at))}</td>
      <td className="text-right whitespace-nowrap">
        <span className="inline-flex gap-1">
          <button
            type="button"
            className="button"
            onClick={() => { set({ view: 'jobs', status: 'dead', type: group.type, pattern: group.pattern }); }}
          >
            Show all
          </button>
          {mayWrite && <button type="button" className="button" disabled={retry.isPending} onClick={() => { retry.mutate(); }}>Try all again</button>}
        </span>
      </td>
    </tr>
  );
}
