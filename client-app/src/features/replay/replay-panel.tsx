import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sendJson } from '../../shared/api';
import { formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import { useMay } from '../access/access';
import { targets } from '../settings/queries';
import { DiffView } from './diff-view';
import { BodyView } from './json-view';
import { headersOf, isMarked, textOf } from './message';
import { ignores, replays, type CapturedRequest, type ReplayRow } from './queries';
import { StatusCode } from './status-code';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];
const box = 'rounded-md border border-line bg-surface px-2 py-1 font-mono text-xs';

/** Sends a captured request again, as it was or edited, and sets the answers side by side. */
export function ReplayPanel({ request }: { request: CapturedRequest }) {
  const client = useQueryClient();
  const mayWrite = useMay('write');
  const { data: registered } = useQuery(targets);
  const mine = (registered ?? []).filter(({ service }) => service === request.service);
  const recorded = draftOf(request);
  const [draft, setDraft] = useState(recorded);
  const [stage, setStage] = useState<string | null>(null);
  const [isTwice, setTwice] = useState(false);
  const [isSure, setSure] = useState(false);
  const target = mine.find((one) => one.stage === (stage ?? request.stage ?? '')) ?? mine.find((one) => one.stage === '') ?? mine[0];
  const asks = !SAFE.includes(draft.method.toUpperCase()) || target?.is_production === true;
  const send = useMutation({
    mutationFn: () => sendJson('post', '/replay/{id}/replay', bodyOf(recorded, draft, { confirm: asks, stage: target?.stage ?? stage, twice: isTwice }), {
      id: request.id,
    }),
    onSettled: () => {
      setSure(false);
      return client.invalidateQueries({ queryKey: replays(request.id).queryKey });
    },
  });
  const ignore = useIgnore(request, () => { send.mutate(); });
  if (registered && mine.length === 0) {
    return (
      <p className="text-sm text-ink-soft">
        {request.service} has no target yet. An administrator says in Settings, under Targets, where it is reached.
      </p>
    );
  }

  const missing = needsEdit(request, draft);
  const change = (part: Partial<Draft>) => { setDraft({ ...draft, ...part }); setSure(false); };
  return (
    <div className="flex flex-col gap-3 text-sm">
      <form
        aria-label="Send this request again"
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (asks && !isSure) setSure(true);
          else send.mutate();
        }}
      >
        <div className="flex flex-wrap gap-2">
          <input
            aria-label="Method" className={`${box} w-20`} value={draft.method} maxLength={20} onChange={(event) => { change({ method: event.target.value }); }}
          />
          <input aria-label="Path" className={`${box} min-w-40 flex-1`} value={draft.path} onChange={(event) => { change({ path: event.target.value }); }} />
          <select aria-label="Target" className={box} value={target?.stage ?? ''} onChange={(event) => { setStage(event.target.value); setSure(false); }}>
            {mine.map((one) => (
              <option key={one.stage} value={one.stage}>
                {one.stage === '' ? one.base_url : `${one.stage}: ${one.base_url}`}{one.is_production ? ' (production)' : ''}
              </option>
            ))}
          </select>
        </div>
        <input
          aria-label="Query"
          placeholder="query, without ?"
          className={box}
          value={draft.query}
          onChange={(event) => { change({ query: event.target.value }); }}
        />
        <details>
          <summary className="cursor-pointer text-xs text-ink-soft">Headers and body</summary>
          <div className="mt-1 flex flex-col gap-2">
            <textarea aria-label="Headers" rows={4} className={box} value={draft.headers} onChange={(event) => { change({ headers: event.target.value }); }} />
            <textarea aria-label="Body" rows={8} className={box} value={draft.body} onChange={(event) => { change({ body: event.target.value }); }} />
            <p className="text-xs text-ink-soft">Recorded credentials are never sent; the target’s own headers are.</p>
          </div>
        </details>
        {missing && <p role="note" className="text-xs text-warn">The {missing} was cut or redacted: say what is to be sent instead.</p>}
        <div className="flex flex-wrap items-center gap-3">
          <button
            type="submit"
            className={`button py-1.5 ${isSure ? 'border-bad text-bad' : 'border-accent'}`}
            disabled={send.isPending || missing !== null || (!mayWrite && asks)}
          >
            {send.isPending ? 'Sending…' : isSure ? `Send ${draft.method} to ${target?.is_production ? 'production' : (target?.base_url ?? '')}` : 'Send again'}
          </button>
          <label className="flex items-center gap-1.5 text-xs">
            <input type="checkbox" checked={isTwice} onChange={(event) => { setTwice(event.target.checked); }} />
            twice, and leave out what differs by itself
          </label>
          {send.error && <span role="alert" className="text-bad">{send.error.message}</span>}
        </div>
      </form>
      {send.data && (
        <>
          <p className="flex flex-wrap items-center gap-2">
            <span className="text-ink-soft">Recorded</span> <StatusCode status={request.status_code} /> {formatLatency(request.duration)}
            <span className="text-ink-soft">now</span> <StatusCode status={send.data.data.status_code} /> {formatLatency(send.data.data.duration)}
          </p>
          <DiffView diff={send.data.data.diff} onIgnore={mayWrite ? ignore : undefined} />
          <div className="grid gap-3 lg:grid-cols-2">
            <div className="min-w-0"><h3 className="text-xs text-ink-soft">Recorded answer</h3>
              <BodyView name="Recorded answer" body={request.response_body} isCut={request.response_body_truncated} none={unseen(request)} /></div>
            <div className="min-w-0"><h3 className="text-xs text-ink-soft">Answer now</h3>
              <BodyView name="Answer now" body={send.data.data.body} isCut={send.data.data.body_truncated} /></div>
          </div>
        </>
      )}
      <History id={request.id} />
    </div>
  );
}

interface Draft {
  method: string;
  path: string;
  query: string;
  /** A line for each. */
  headers: string;
  body: string;
}

const draftOf = (request: CapturedRequest): Draft => ({
  method: request.method,
  path: request.path,
  query: request.query_string,
  headers: headersOf(request.headers).map(([name, value]) => `${name}: ${value}`).join('\n'),
  body: request.raw_body ?? textOf(request.body), // As it was sent, so that an edit changes no more than it means to.
});

/** What is sent of a draft: only what was changed, so that all else goes as it was recorded, byte for byte. */
export function bodyOf(recorded: Draft, draft: Draft, how: { confirm: boolean; stage: string | null; twice: boolean }) {
  const headers = Object.fromEntries(draft.headers.split('\n').map((line) => line.split(/:\s*(.*)/s, 2) as [string, string?])
    .filter(([name, value]) => name.trim() !== '' && value !== undefined).map(([name, value]) => [name.trim(), value ?? '']));
  return {
    confirm: how.confirm, stage: how.stage, twice: how.twice,
    ...(draft.method === recorded.method ? {} : { method: draft.method }),
    ...(draft.path === recorded.path ? {} : { path: draft.path }),
    ...(draft.query === recorded.query ? {} : { query: draft.query }),
    ...(draft.headers === recorded.headers ? {} : { headers }),
    ...(draft.body === recorded.body ? {} : { body: draft.body }),
  };
}

/** Which part keeps it from being sent. */
function needsEdit(request: CapturedRequest, draft: Draft): string | null {
  return isMarked(draft.path) ? 'path' : isMarked(draft.query) ? 'query'
    : isMarked(draft.body) || (request.body_truncated && draft.body === draftOf(request).body) ? 'body' : null;
}

/** Leaves fields of an endpoint's answers out from now on. */
function useIgnore(request: CapturedRequest, onDone: () => void) {
  const client = useQueryClient();
  const { data } = useQuery(ignores);
  const put = useMutation({
    mutationFn: (paths: string[]) => {
      const before = data?.find((one) => one.service === request.service && one.endpoint === request.endpoint)?.paths ?? [];
      return sendJson('put', '/replay/ignores', { service: request.service, endpoint: request.endpoint, paths: [...new Set([...before, ...paths])] });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ignores.queryKey });
      if (SAFE.includes(request.method)) onDone();
    },
  });
  return (paths: string[]) => { put.mutate(paths); };
}

function History({ id }: { id: number }) {
  const { data } = useQuery(replays(id));
  return data && data.length > 0 && (
    <section aria-label="Sent before">
      <h3 className="text-xs text-ink-soft">Sent before</h3>
      <ol className="flex flex-col text-xs">{data.map((one) => <Sent key={one.id} one={one} />)}</ol>
    </section>
  );
}

/** Of an exception that the server answered by itself. */
export const unseen = (request: CapturedRequest) => request.error && request.response_body_truncated
  ? 'Not seen: the server answered the exception by itself, after it was captured.' : undefined;

const outcomes: Record<string, string> = { same: 'text-good', differs: 'text-warn', failed: 'text-bad', refused: 'text-ink-soft' };

export function Sent({ one }: { one: ReplayRow }) {
  const time = useTime();
  const isMended = one.outcome === 'differs' && one.recorded_status_code >= 500 && one.status_code !== null && one.status_code < 500;
  return (
    <li className="border-t border-line py-1">
      <details>
        <summary className="flex cursor-pointer flex-wrap items-center gap-2">
          <time dateTime={one.created_at} className="text-ink-soft">{time.full(Date.parse(one.created_at))}</time>
          <strong className={isMended ? 'text-good' : outcomes[one.outcome]}>{isMended ? 'mended' : one.outcome}</strong>
          <StatusCode status={one.recorded_status_code} /> → {one.status_code === null ? 'no answer' : <StatusCode status={one.status_code} />}
          {one.duration !== null && <span>{formatLatency(one.duration)}</span>}
          <span className="min-w-0 truncate text-ink-soft">by {one.created_by}, {one.method} {one.url}</span>
          {one.error && <span className="basis-full pl-4 text-bad">{one.error}</span>}
        </summary>
        {one.diff && <div className="py-1 pl-4"><DiffView diff={one.diff} /></div>}
      </details>
    </li>
  );
}
