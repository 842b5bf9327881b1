import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { Popover } from '../../shared/popover';
import { useMay } from '../access/access';
import { asHar } from './copy-as';
import { idsOf, runs, sets, wholeOnes } from './queries';
import type { ReplayFilters } from './replay-filters';

/** As many as a run takes. */
const MOST = 500;

/** As many as are asked for by their ids. */
const MOST_BY_ID = 1_000;

interface Props {
  picked: ReadonlySet<number>;
  onPick: (ids: ReadonlySet<number>) => void;
  filters: ReplayFilters;
  /** Shows a run that was begun. */
  onRun: (id: number) => void;
}

/** What can be done with those that are picked. */
export function PickedBar({ picked, onPick, filters, onRun }: Props) {
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const ids = [...picked];
  const all = useMutation({ mutationFn: () => idsOf(filters, MOST, new AbortController().signal), onSuccess: (found) => { onPick(new Set(found)); } });
  const har = useMutation({
    mutationFn: () => wholeOnes(ids, new AbortController().signal),
    onSuccess: (requests) => { download('requests.har', asHar(requests)); },
  });
  const remove = useMutation({
    mutationFn: async () => {
      for (let from = 0; from < ids.length; from += MOST_BY_ID) {
        await sendJson('delete', '/replay', undefined, {}, { id__in: ids.slice(from, from + MOST_BY_ID).join(',') });
      }
    },
    onSuccess: () => {
      onPick(new Set());
      return client.resetQueries({ queryKey: ['replay', 'tail'] });
    },
  });
  const [isSure, setSure] = useState(false);
  const error = all.error ?? har.error ?? remove.error;
  if (ids.length === 0) {
    return <button type="button" className="button" disabled={all.isPending} onClick={() => { all.mutate(); }}>Pick all of these (up to {MOST})</button>;
  }

  return (
    <div role="group" aria-label="With those that are picked" className="flex flex-wrap items-center gap-2">
      <strong className="text-xs">{ids.length} picked</strong>
      {mayWrite && ids.length <= MOST && <Popover name="Send again" inside="w-72 p-3 text-sm"><RunForm ids={ids} onRun={onRun} /></Popover>}
      {mayWrite && ids.length <= MOST && <Popover name="Save as a set" inside="w-64 p-3 text-sm"><SetForm ids={ids} /></Popover>}
      <button type="button" className="button" disabled={har.isPending || ids.length > MOST} onClick={() => { har.mutate(); }}>HAR</button>
      {mayWrite && (isSure
        ? <button type="button" className="button text-bad" onClick={() => { setSure(false); remove.mutate(); }}>Delete {ids.length}</button>
        : <button type="button" className="button" onClick={() => { setSure(true); }}>Delete</button>)}
      <button type="button" className="button" onClick={() => { onPick(new Set()); }}>None</button>
      {error && <span role="alert" className="text-xs text-bad">{error.message}</span>}
    </div>
  );
}

function download(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

interface RunFormProps {
  ids?: number[];
  set?: string;
  onRun: (id: number) => void;
}

/** How many captured requests are sent again. */
export function RunForm({ ids, set, onRun }: RunFormProps) {
  const client = useQueryClient();
  const [stage, setStage] = useState('');
  const [concurrency, setConcurrency] = useState(4);
  const [perSecond, setPerSecond] = useState(20);
  const [isTwice, setTwice] = useState(false);
  const [isConfirmed, setConfirmed] = useState(false);
  const begin = useMutation({
    mutationFn: () => sendJson('post', '/replay/runs', {
      ...(ids ? { ids } : {}), ...(set === undefined ? {} : { set }), stage, concurrency, per_second: perSecond, twice: isTwice, confirm: isConfirmed,
    }),
    onSuccess: ({ data }) => {
      void client.invalidateQueries({ queryKey: runs.queryKey });
      onRun(data.id);
    },
  });
  const number = (label: string, value: number, most: number, onChange: (value: number) => void) => (
    <label className="flex items-center justify-between gap-2">
      {label}
      <input
        type="number" min={1} max={most} value={value} onChange={(event) => { onChange(event.target.valueAsNumber); }}
        className="w-20 rounded-md border border-line bg-surface px-2 py-1"
      />
    </label>
  );
  return (
    <form aria-label="Send many again" className="flex flex-col gap-2" onSubmit={(event) => { event.preventDefault(); begin.mutate(); }}>
      <label className="flex items-center justify-between gap-2">
        Stage of the targets
        <input
          value={stage} placeholder="any" onChange={(event) => { setStage(event.target.value); }}
          className="w-28 rounded-md border border-line bg-surface px-2 py-1"
        />
      </label>
      {number('At once', concurrency, 20, setConcurrency)}
      {number('Per second', perSecond, 1_000, setPerSecond)}
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={isTwice} onChange={(event) => { setTwice(event.target.checked); }} /> twice, and leave out what differs by itself
      </label>
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={isConfirmed} onChange={(event) => { setConfirmed(event.target.checked); }} /> also those that may change something
      </label>
      <div><button type="submit" className="button py-1.5" disabled={begin.isPending}>Begin</button></div>
      {begin.error && <p role="alert" className="text-xs text-bad">{begin.error.message}</p>}
    </form>
  );
}

function SetForm({ ids }: { ids: number[] }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const put = useMutation({
    mutationFn: () => sendJson('put', '/replay/sets/{name}', { ids }, { name }),
    onSuccess: () => client.invalidateQueries({ queryKey: sets.queryKey }),
  });
  return (
    <form aria-label="Save as a set" className="flex flex-col gap-2" onSubmit={(event) => { event.preventDefault(); put.mutate(); }}>
      <input
        aria-label="Name of the set" required maxLength={200} placeholder="Name of the set" value={name} onChange={(event) => { setName(event.target.value); }}
        className="rounded-md border border-line bg-surface px-2 py-1"
      />
      <div className="flex items-center gap-2">
        <button type="submit" className="button py-1.5" disabled={put.isPending}>Save</button>
        {put.isSuccess && <span role="status" className="text-xs text-good">Saved</span>}
      </div>
      {put.error && <p role="alert" className="text-xs text-bad">{put.error.message}</p>}
    </form>
  );
}
