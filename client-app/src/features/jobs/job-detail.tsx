import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { sendJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { tracePath } from '../../shared/filters/trace-path';
import { formatLatency } from '../../shared/format';
import { Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { job as one, jobLogs, type Job } from './queries';
import { Progress, Status } from './status';

/** One job: what it was told, what it tried, what it came to, what it logged. */
export function JobDetail({ id, onClose }: { id: number; onClose: () => void }) {
  const { data, error } = useQuery(one(id));
  return (
    <Card
      title={data ? `${data.job.type} ${id}` : `Job ${id}`}
      note={data && <Status status={data.job.status} />}
      actions={<>{data && <Actions job={data.job} />}<button type="button" className="button" onClick={onClose}>Close</button></>}
    >
      {!data && (error ? <Failed what="The job" error={error} /> : <Loading what="the job" />)}
      {data && (
        <div className="flex flex-col gap-3 text-sm">
          {data.job.status === 'running' && <Progress value={data.job.progress} note={data.job.progress_note} />}
          <Facts job={data.job} after={data.after} />
          {data.job.error && data.job.status !== 'succeeded' && <p className="text-bad wrap-anywhere">{data.job.error}</p>}
          <div className="grid gap-3 lg:grid-cols-2">
            <Json name="Payload" value={data.job.payload} />
            {data.result !== null && <Json name="Result" value={data.result} />}
          </div>
          {data.attempts.length > 0 && (
            <details>
              <summary className="cursor-pointer font-medium">{data.attempts.length} {data.attempts.length === 1 ? 'attempt' : 'attempts'} that failed</summary>
              <ol className="mt-2 flex flex-col gap-2">
                {data.attempts.map((attempt, index) => (
                  <li key={index} className="rounded-md border border-line p-2">
                    <p className="text-xs text-ink-soft">
                      <Time at={attempt.finished_at} />{attempt.node && ` on ${attempt.node}`}
                      {attempt.started_at && `, after ${formatLatency(Math.max(0, Date.parse(attempt.finished_at) - Date.parse(attempt.started_at)))}`}
                    </p>
                    <p className="wrap-anywhere">{attempt.error}</p>
                    {attempt.detail && <pre tabIndex={0} className="mt-1 max-h-40 overflow-auto text-xs wrap-anywhere">{attempt.detail}</pre>}
                    {attempt.stack && <pre tabIndex={0} className="mt-1 max-h-60 overflow-auto text-xs text-ink-soft">{attempt.stack}</pre>}
                  </li>
                ))}
              </ol>
            </details>
          )}
          <Lines id={id} />
        </div>
      )}
    </Card>
  );
}

function Time({ at }: { at: string }) {
  const time = useTime();
  return <time dateTime={at}>{time.full(Date.parse(at))} {time.clock(Date.parse(at)).slice(-3)}</time>;
}

function Facts({ job, after }: { job: Job; after: { id: number; status: string }[] }) {
  const [query] = useSearchParams();
  const toTrace = tracePath(query, job.trace_id);
  const took = job.started_at && job.finished_at ? formatLatency(Date.parse(job.finished_at) - Date.parse(job.started_at)) : null;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ['Queue', `${job.queue}, priority ${job.priority}`],
    ['Attempts', `${job.attempts} of ${job.max_attempts}`],
    ['Asked for', <><Time at={job.created_at} /> by {job.created_by}</>],
    ['May run from', <Time key="run" at={job.run_at} />],
    ['Began', job.started_at && <><Time at={job.started_at} />{job.node && ` on ${job.node}`}</>],
    ['Ended', job.finished_at && <><Time at={job.finished_at} />{took && `, after ${took}`}</>],
    ['Waits for', after.length > 0 ? after.map(({ id, status }) => (status === 'dead' ? `${id}, which is dead` : `${id}`)).join('; ') : null],
    ['Came with', job.batch_id],
    ['Unique by', job.unique_key],
    ['Trace', toTrace ? <Link className="underline" to={toTrace}>{job.trace_id}</Link> : job.trace_id],
  ];
  return (
    <dl className="grid gap-x-6 gap-y-1 sm:grid-cols-2 xl:grid-cols-3">
      {facts.filter(([, value]) => value !== null && value !== '').map(([name, value]) => (
        <div key={name} className="flex gap-2"><dt className="w-24 shrink-0 text-ink-soft">{name}</dt><dd className="min-w-0 wrap-anywhere">{value}</dd></div>
      ))}
    </dl>
  );
}

function Json({ name, value }: { name: string; value: unknown }) {
  return (
    <section aria-label={name} className="min-w-0">
      <h3 className="text-xs text-ink-soft">{name}</h3>
      <pre tabIndex={0} className="max-h-72 overflow-auto rounded-md border border-line bg-surface p-2 text-xs">{JSON.stringify(value, null, 2)}</pre>
    </section>
  );
}

function Lines({ id }: { id: number }) {
  const { data } = useQuery(jobLogs(id));
  const time = useTime();
  return data && data.length > 0 && (
    <section aria-label="What it logged">
      <h3 className="text-xs text-ink-soft">What it logged</h3>
      <ol className="max-h-72 overflow-auto rounded-md border border-line bg-surface p-2 font-mono text-xs">
        {data.map((line) => (
          <li key={line.id} className="wrap-anywhere">
            <span className="text-ink-soft">{time.clock(Date.parse(line.created_at))} {line.level}</span> {line.message}
          </li>
        ))}
      </ol>
    </section>
  );
}

const may: Record<string, readonly (readonly ['retry' | 'run' | 'cancel', string])[]> = {
  queued: [['cancel', 'Cancel']],
  scheduled: [['run', 'Run now'], ['cancel', 'Cancel']],
  running: [['cancel', 'Cancel']],
  failed: [['run', 'Try now'], ['cancel', 'Cancel']],
  dead: [['retry', 'Try again']],
  cancelled: [['retry', 'Try again']],
};

function Actions({ job }: { job: Job }) {
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const change = useMutation({
    mutationFn: (verb: 'retry' | 'run' | 'cancel') => sendJson('post', `/worker/jobs/{id}/${verb}`, undefined, { id: job.id }),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  });
  return mayWrite && (
    <>
      {change.error && <span role="alert" className="text-xs text-bad">{change.error.message}</span>}
      {(may[job.status] ?? []).filter(([verb]) => verb !== 'run' || job.waits_for === 0).map(([verb, name]) => (
        <button key={verb} type="button" className="button" disabled={change.isPending} onClick={() => { change.mutate(verb); }}>{name}</button>
      ))}
    </>
  );
}
