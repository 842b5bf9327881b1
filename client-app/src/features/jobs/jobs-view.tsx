import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson, type Query } from '../../shared/api';
import { Card } from '../../shared/card';
import { formatCount, formatDuration } from '../../shared/format';
import { LabelledSelect } from '../../shared/labelled-select';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { Table } from '../../shared/table';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { facets, jobs, type Job, type Scope } from './queries';
import { Progress, Status, statusChoices } from './status';
import { useJobsView } from './use-view';

/** All jobs, to be filtered, and changed one by one or as a whole. */
export function JobsView({ scope }: { scope: Scope }) {
  const { filter, set } = useJobsView();
  const { data, error } = useQuery(jobs(scope, filter));
  const { data: counts } = useQuery(facets(scope));
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const rows = data?.data ?? [];
  const choices = (all: string, values: { value: string; count: number }[] | undefined, given: string | null) => [
    ['', all] as const,
    ...(values ?? []).map(({ value, count }) => [value, `${value} (${formatCount(count)})`] as const),
    ...(given && !values?.some(({ value }) => value === given) ? [[given, given] as const] : []),
  ];
  const total = data ? `${formatCount(data.metadata.total ?? rows.length)}${data.metadata.total_is_lower_bound ? ' or more' : ''}` : '';
  const isFiltered = Object.values(filter).some((value) => value !== null);
  return (
    <Card
      title="Jobs"
      note={data && `${total}${rows.length < (data.metadata.total ?? 0) ? `, the newest ${rows.length} of them here` : ''}`}
      actions={
        <>
          <LabelledSelect label="Status" value={filter.status ?? ''} options={statusChoices} onChange={(status) => { set({ status }); }} />
          <LabelledSelect
            label="Type"
            value={filter.type ?? ''}
            options={choices('All types', counts?.type, filter.type)}
            onChange={(type) => { set({ type }); }}
          />
          <LabelledSelect
            label="Queue"
            value={filter.queue ?? ''}
            options={choices('All queues', counts?.queue, filter.queue)}
            onChange={(queue) => { set({ queue }); }}
          />
          {filter.error_pattern !== null && (
            <button type="button" className="button max-w-56 truncate" title={filter.error_pattern} onClick={() => { set({ pattern: null }); }}>
              ✕ {filter.error_pattern}
            </button>
          )}
          <input
            type="search"
            aria-label="Search jobs"
            placeholder="Payload, error, key"
            value={filter.search ?? ''}
            onChange={(event) => { set({ search: event.target.value }); }}
            className="rounded-md border border-line bg-surface px-2 py-1.5 text-sm"
          />
        </>
      }
    >
      {data && error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      {!data && (error ? <Failed what="Jobs" error={error} /> : <Loading what="jobs" />)}
      {data && rows.length === 0 && <Empty>{isFiltered ? 'No job fits these filters.' : 'There is no job yet. Run one, or make a schedule.'}</Empty>}
      {rows.length > 0 && (
        <>
          <Actions
            scope={scope}
            chosen={chosen}
            isFiltered={isFiltered}
            of={total}
            selection={chosen.size > 0 ? { id__in: [...chosen].join(',') } : { ...filter }}
            onDone={() => { setChosen(new Set()); }}
          />
          <Table name="Jobs" columns={['Job', 'Status', 'Queue', 'Asked for', 'Took', 'Attempts', 'What of it']}>
            {rows.map((job) => (
              <JobLine
                key={job.id}
                job={job}
                isChosen={chosen.has(job.id)}
                onChoose={(isChosen) => {
                  const next = new Set(chosen);
                  if (isChosen) next.add(job.id);
                  else next.delete(job.id);
                  setChosen(next);
                }}
                onOpen={() => { set({ job: `${job.id}` }); }}
              />
            ))}
          </Table>
        </>
      )}
    </Card>
  );
}

/** What a job was told, in a few words. */
const summaryOf = (payload: unknown) =>
  Object.entries((payload ?? {}) as Record<string, unknown>)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

interface LineProps {
  job: Job;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
  onOpen: () => void;
}

function JobLine({ job, isChosen, onChoose, onOpen }: LineProps) {
  const time = useTime();
  const took = job.started_at && job.finished_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
  return (
    <tr data-job={job.id} data-status={job.status} className="align-top">
      <th scope="row" className="whitespace-nowrap">
        <label className="inline-flex items-center gap-2">
          <input type="checkbox" checked={isChosen} aria-label={`Choose job ${job.id}`} onChange={(event) => { onChoose(event.target.checked); }} />
          <button type="button" className="underline" onClick={onOpen}>{job.type} {job.id}</button>
        </label>
        <span className="block max-w-64 truncate pl-6 text-xs font-normal text-ink-soft">{summaryOf(job.payload)}</span>
      </th>
      <td><Status status={job.status} /></td>
      <td>{job.queue}</td>
      <td className="whitespace-nowrap tabular-nums">{time.full(Date.parse(job.created_at))}</td>
      <td className="whitespace-nowrap tabular-nums">{took === null ? '–' : formatDuration(took)}</td>
      <td className="tabular-nums">{job.attempts} of {job.max_attempts}</td>
      <td className="max-w-md text-xs wrap-anywhere text-ink-soft">
        {job.status === 'running' ? <Progress value={job.progress} note={job.progress_note} />
          : job.waits_for > 0 ? `waits for ${job.waits_for} other ${job.waits_for === 1 ? 'job' : 'jobs'}`
            : job.status === 'scheduled' || job.status === 'failed'
              ? `${job.error ?? ''} ${job.error ? 'Again' : 'Runs'} at ${time.full(Date.parse(job.run_at))}`
              : job.status === 'succeeded' ? '' : job.error}
      </td>
      <td />
    </tr>
  );
}

interface ActionsProps {
  scope: Scope;
  chosen: ReadonlySet<number>;
  isFiltered: boolean;
  of: string;
  selection: Query;
  onDone: () => void;
}

const verbs = [['retry', 'Try again'], ['run', 'Run now'], ['cancel', 'Cancel']] as const;

/** What can be done with what is chosen, or else with all that the filters select. */
function Actions({ scope, chosen, isFiltered, of, selection, onDone }: ActionsProps) {
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const [asked, setAsked] = useState<(typeof verbs)[number][0] | null>(null);
  const change = useMutation({
    mutationFn: (verb: (typeof verbs)[number][0]) => sendJson('post', `/worker/jobs/${verb}`, undefined, {}, { scope, ...selection }),
    onSuccess: () => {
      setAsked(null);
      onDone();
      void client.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  if (!mayWrite) return null;
  if (chosen.size === 0 && !isFiltered) return <p className="mb-2 text-xs text-ink-soft">Choose jobs, or filter them, to change them together.</p>;
  const what = chosen.size > 0 ? `the ${chosen.size} chosen` : `all ${of} that the filters select`;
  return (
    <div className="mb-2 flex flex-wrap items-center gap-2 text-sm">
      <span className="text-xs text-ink-soft">With {what}:</span>
      {verbs.map(([verb, name]) => (
        asked === verb
          ? (
            <button key={verb} type="button" className="button text-bad" disabled={change.isPending} onClick={() => { change.mutate(verb); }}>
              {name}: {what}
            </button>
          )
          : <button key={verb} type="button" className="button" onClick={() => { setAsked(verb); }}>{name}</button>
      ))}
      {asked && <button type="button" className="button" onClick={() => { setAsked(null); }}>No</button>}
      {change.data && <span role="status" className="text-xs text-ink-soft">{formatCount(change.data.data.changed)} changed</span>}
      {change.error && <span role="alert" className="text-xs text-bad">{change.error.message}</span>}
    </div>
  );
}
