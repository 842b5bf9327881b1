import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Card } from '../../shared/card';
import { formatCount, formatDuration, formatLatency, formatRate } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { running, stats, type Scope, type Stats } from './queries';
import { Progress } from './status';
import { useJobsView } from './use-view';

const MinutesChart = lazy(() => import('./minutes-chart').then((module) => ({ default: module.MinutesChart })));

/** What goes on. */
export function NowView({ scope }: { scope: Scope }) {
  const { data, error, dataUpdatedAt } = useQuery(stats(scope));
  if (!data) return error ? <Failed what="Jobs" error={error} /> : <Loading what="jobs" />;
  return (
    <>
      {error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      <Figures stats={data} />
      <Card title="Last hour" note="jobs that ended and attempts that failed, by minute">
        {data.minutes.length === 0 ? <Empty>Nothing ran in the last hour.</Empty>
          : <Suspense fallback={<Loading what="the chart" />}><MinutesChart minutes={data.minutes} now={dataUpdatedAt} /></Suspense>}
      </Card>
      <RunningNow scope={scope} />
      <div className="grid gap-3 lg:grid-cols-2">
        <Queues stats={data} />
        <Workers stats={data} />
      </div>
    </>
  );
}

const many = ({ count, is_lower_bound }: Stats['queued']) => `${formatCount(count)}${is_lower_bound ? '+' : ''}`;

function Figures({ stats: { queued, running: runs, failed, dead, per_minute, failure_rate, scheduler_lag_ms } }: { stats: Stats }) {
  const figures = [
    ['Queued', many(queued), 'are due and wait for a worker', ''],
    ['Running', formatCount(runs), 'at this moment', ''],
    ['Failed', many(failed), 'wait for their next attempt', failed.count > 0 ? 'text-warn' : ''],
    ['Dead', many(dead), 'failed for good', dead.count > 0 ? 'text-bad' : ''],
    ['Per minute', formatCount(per_minute), 'ended, over the last five minutes', ''],
    ['Attempts failed', formatRate(failure_rate), 'of those in the last hour', failure_rate > 0.05 ? 'text-bad' : ''],
    ['Schedules late', formatLatency(scheduler_lag_ms), 'the one that is due longest', scheduler_lag_ms > 120_000 ? 'text-bad' : ''],
  ] as const;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4 xl:grid-cols-7">
      {figures.map(([name, value, says, look]) => (
        <div key={name} data-figure={name} title={says} className="rounded-lg border border-line bg-card px-4 py-3">
          <dt className="text-xs text-ink-soft">{name}</dt>
          <dd className={`text-xl font-semibold tabular-nums ${look}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function RunningNow({ scope }: { scope: Scope }) {
  const { data, error, dataUpdatedAt } = useQuery(running(scope));
  const { set } = useJobsView();
  return (
    <Card title="Running now">
      {!data && (error ? <Failed what="What runs" error={error} /> : <Loading what="what runs" />)}
      {data?.length === 0 && <Empty>Nothing runs at this moment.</Empty>}
      {data && data.length > 0 && (
        <Table name="Running now" columns={['Job', 'Queue', 'On', 'For', 'Attempt', 'Progress']}>
          {data.map((job) => (
            <tr key={job.id}>
              <th scope="row" className="whitespace-nowrap">
                <button type="button" className="underline" onClick={() => { set({ job: `${job.id}` }); }}>{job.type} {job.id}</button>
              </th>
              <td>{job.queue}</td>
              <td>{job.node}</td>
              <td className="whitespace-nowrap tabular-nums">{formatDuration(Math.max(0, dataUpdatedAt - Date.parse(job.started_at ?? '')) / 1000)}</td>
              <td className="tabular-nums">{job.attempts} of {job.max_attempts}</td>
              <td><Progress value={job.progress} note={job.progress_note} /></td>
              <td />
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

function Queues({ stats: { queues } }: { stats: Stats }) {
  return (
    <Card title="Queues" note="jobs that are due, and how long the first of them waits">
      <Table name="Queues" columns={['Queue', 'Waiting', 'First waits', 'Running', 'At once']}>
        {queues.map((queue) => (
          <tr key={queue.queue} className="tabular-nums">
            <th scope="row">{queue.queue}</th>
            <td>{many(queue.queued)}</td>
            <td className={queue.latency_ms > 60_000 ? 'text-bad' : ''}>{queue.latency_ms > 0 ? formatLatency(queue.latency_ms) : '–'}</td>
            <td>{formatCount(queue.running)}</td>
            <td className={queue.concurrency === 0 ? 'text-bad' : ''}>{queue.concurrency === 0 ? 'no worker' : formatCount(queue.concurrency)}</td>
            <td />
          </tr>
        ))}
      </Table>
    </Card>
  );
}

const workerLooks: Record<string, string> = { live: 'text-good', stopping: 'text-warn', silent: 'text-bad', lost: 'text-bad' };

function Workers({ stats: { workers } }: { stats: Stats }) {
  const time = useTime();
  return (
    <Card title="Workers" note="processes that run jobs; one that is lost loses its jobs to others">
      {workers.length === 0 ? <Empty>No worker is there: jobs wait.</Empty> : (
        <Table name="Workers" columns={['Worker', 'Status', 'Heartbeat', 'Running', 'Since']}>
          {workers.map((worker) => (
            <tr key={worker.id} className="tabular-nums">
              <th scope="row">{worker.node} <span className="text-xs font-normal text-ink-soft">{worker.id}</span></th>
              <td className={workerLooks[worker.status] ?? 'text-ink-soft'}>{worker.status}</td>
              <td className="whitespace-nowrap">{formatDuration(Math.max(1, worker.silent_seconds))} ago</td>
              <td>{worker.running}</td>
              <td className="whitespace-nowrap">{time.full(Date.parse(worker.started_at))}</td>
              <td />
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
