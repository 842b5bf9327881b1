import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/card';
import { formatBytes, formatCount, formatDuration } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import { useTitle } from '../../shared/use-title';
import { cluster, ordered, type Cluster, type ClusterNode, type NodeStatus } from './queries';

const looks: Record<NodeStatus, { dot: string; says: string }> = {
  up: { dot: 'bg-good', says: 'Up' },
  stopping: { dot: 'bg-warn', says: 'Stopping' },
  stopped: { dot: 'bg-line', says: 'Stopped' },
  silent: { dot: 'bg-bad', says: 'Silent' },
  dead: { dot: 'bg-bad', says: 'Dead' },
};

export function ClusterPage() {
  useTitle('Cluster');
  const { data, error } = useQuery(cluster);
  if (!data) return error ? <Failed what="The cluster" error={error} /> : <Loading what="the cluster" />;
  return (
    <>
      {error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      <Nodes data={data} />
      <div className="grid gap-3 lg:grid-cols-2">
        <Reminders data={data} />
        <Checks data={data} />
      </div>
    </>
  );
}

function Nodes({ data }: { data: Cluster }) {
  const nodes = ordered(data.nodes);
  const up = nodes.filter((node) => node.status === 'up');
  const silos = up.filter((node) => node.roles.includes('silo')).length;
  const note = data.mode === 'localhost' ? 'One process with its own silo. Bayou:Cluster:Mode=postgres makes a cluster of several.'
      : `${silos} ${silos === 1 ? 'silo' : 'silos'} and ${up.length - silos} web ${up.length - silos === 1 ? 'node' : 'nodes'} up`;
  return (
    <Card title="Processes" note={note}>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Processes, scrollable">
        <table className="w-full text-sm">
          <thead>
            <tr className="border-b border-line text-left text-xs text-ink-soft">
              {['Process', 'Status', 'Does', 'Age', 'CPU', 'Memory', 'Grain calls/s', 'Activations', 'Version'].map((name) => (
                <th key={name} scope="col" className="py-1.5 pr-4 font-medium whitespace-nowrap">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => <NodeRow key={node.id} node={node} isSelf={node.id === data.self} />)}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function NodeRow({ node, isSelf }: { node: ClusterNode; isSelf: boolean }) {
  const { dot, says } = looks[node.status];
  const isHere = node.status === 'up' || node.status === 'stopping';
  const types = Object.entries(node.activations).sort(([, a], [, b]) => b - a);
  return (
    <tr
      data-node={node.name}
      data-status={node.status}
      className={`border-b border-line align-top tabular-nums last:border-0 ${isHere ? '' : 'text-ink-soft'}`}
    >
      <th scope="row" className="py-2 pr-4 text-left font-medium whitespace-nowrap">
        {node.name}
        {isSelf && <span className="ml-2 text-xs font-normal text-ink-soft">answers this</span>}
      </th>
      <td className="py-2 pr-4 whitespace-nowrap">
        <span className="flex items-center gap-1.5">
          <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
          {says}{!isHere && <span className="text-xs">for {formatDuration(node.silent_seconds)}</span>}
        </span>
      </td>
      <td className="py-2 pr-4">{node.roles.join(', ')}</td>
      <td className="py-2 pr-4 whitespace-nowrap">{formatDuration(node.age_seconds)}</td>
      <td className="py-2 pr-4 whitespace-nowrap">{isHere ? `${node.cpu_cores.toFixed(2)} cores` : '–'}</td>
      <td className="py-2 pr-4 whitespace-nowrap">{isHere ? formatBytes(node.memory_bytes) : '–'}</td>
      <td className="py-2 pr-4">{isHere && node.roles.includes('silo') ? formatCount(node.calls_per_second) : '–'}</td>
      <td className="py-2 pr-4">
        {isHere && types.length > 0
          ? (
            <ul>
              {types.map(([type, count]) => (
                <li key={type} className="whitespace-nowrap">{formatCount(count)} <span className="text-ink-soft">{type}</span></li>
              ))}
            </ul>
          )
          : '–'}
      </td>
      <td className="py-2">{node.version}</td>
    </tr>
  );
}

function Reminders({ data }: { data: Cluster }) {
  const time = useTime();
  return (
    <Card title="Reminders" note="each runs once for all silos">
      {data.reminders.length === 0 ? <Empty>None has run yet; the first are due a minute after the start.</Empty> : (
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Reminders, scrollable">
          <table className="w-full text-sm">
            <thead>
              <tr className="border-b border-line text-left text-xs text-ink-soft">
                {['Reminder', 'Ran last', 'On', 'Took', 'Runs', 'Failed'].map((name) => (
                  <th key={name} scope="col" className="py-1.5 pr-4 font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.reminders.map((reminder) => (
                <tr key={reminder.name} className="border-b border-line align-top tabular-nums last:border-0">
                  <th scope="row" className="py-2 pr-4 text-left font-medium">
                    {reminder.name}
                    {reminder.error && <p className="text-xs font-normal text-bad">{reminder.error}</p>}
                  </th>
                  <td className="py-2 pr-4 whitespace-nowrap">{time.clock(Date.parse(reminder.last_run))}</td>
                  <td className="py-2 pr-4">{reminder.node}</td>
                  <td className="py-2 pr-4 whitespace-nowrap">{formatDuration(reminder.seconds)}</td>
                  <td className="py-2 pr-4">{formatCount(reminder.runs)}</td>
                  <td className="py-2">{formatCount(reminder.failures)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}

const checkNames: Record<string, string> = {
  journal: 'What is acknowledged reaches its window',
  nodes: 'Every process answers',
  partitions: 'Tomorrow has its tables',
  rollups: 'Old windows are rolled up in time',
};

function Checks({ data }: { data: Cluster }) {
  const time = useTime();
  return (
    <Card title="Checks" note="by a reminder, each minute">
      {data.checks.length === 0 ? <Empty>Nothing has been checked yet.</Empty> : (
        <ul className="flex flex-col gap-2 text-sm">
          {data.checks.map((check) => (
            <li key={check.name} className="flex items-baseline gap-2">
              <span aria-hidden="true" className={check.message ? 'text-bad' : 'text-good'}>{check.message ? '✗' : '✓'}</span>
              <span className="flex-1">
                {checkNames[check.name] ?? check.name}
                {check.message ? <span className="block text-bad">{check.message}</span> : <span className="sr-only">: yes</span>}
              </span>
              <span className="text-xs whitespace-nowrap text-ink-soft">at {time.clock(Date.parse(check.checked_at))}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
