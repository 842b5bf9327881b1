import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { ApiError, type Schemas } from '../../shared/api';
import { Card } from '../../shared/card';
import { capturedPath } from '../../shared/filters/replay-path';
import { useSetParameters } from '../../shared/filters/use-filters';
import { formatCount, formatLatency } from '../../shared/format';
import { Failed, Loading, Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import { serviceColor } from './colors';
import { linesOf, requestsOf, trace } from './queries';
import { SpanDetail } from './span-detail';
import { TraceComparison } from './trace-comparison';
import { matches, waterfallOf, type SpanRow, type Waterfall } from './waterfall';
import { WaterfallRows } from './waterfall-rows';

type Trace = Schemas['Trace'];

/** A whole trace: what called what, what of it took how long, and what it logged. */
export function TraceView({ id }: { id: string }) {
  const { data, error } = useQuery(trace(id));
  const [query] = useSearchParams();
  const back = new URLSearchParams(query);
  for (const name of ['trace', 'span', 'against', 'find']) back.delete(name);
  const isGone = error instanceof ApiError && error.code === 'NOT_FOUND';
  return (
    <>
      <div><Link className="button" to={`/dashboard/traces?${back}`}>← All traces</Link></div>
      {data ? <Opened trace={data} error={error} />
        : isGone ? <p role="alert" className="py-6 text-center text-sm">No span of the trace {id} is kept: its time is over, or it never came.</p>
          : error ? <Failed what="The trace" error={error} /> : <Loading what="the trace" />}
    </>
  );
}

function Opened({ trace: { trace_id: id, ...found }, error }: { trace: Trace; error: Error | null }) {
  const time = useTime();
  const [query] = useSearchParams();
  const set = useSetParameters();
  const fall = useMemo(() => waterfallOf(found.spans), [found.spans]);
  const { data: lines = [] } = useQuery(linesOf(id));
  const { data: requests = [] } = useQuery(requestsOf(id));
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const find = query.get('find') ?? '';
  const hits = useMemo(() => (find === '' ? null : new Set(fall.nodes.filter((node) => matches(node, find)).map(({ span }) => span.id))), [fall, find]);
  const open = fall.nodes.find(({ span }) => nameOf(span, fall) === query.get('span')) ?? null;
  const against = query.get('against');
  const root = fall.roots[0]?.span;
  return (
    <Card
      title={root ? `${root.service}: ${root.name}` : id}
      note={[
        time.full(Date.parse(found.timestamp)), formatLatency(found.duration), `${formatCount(found.spans.length)}${found.has_more ? ' earliest' : ''} spans`,
        ...(found.errors > 0 ? [`${formatCount(found.errors)} with errors`] : []),
      ].join(', ')}
      actions={
        <>
          <Compare onCompare={(other) => { set({ against: other }); }} isOpen={against !== null} />
          {requests.length > 0 && <Link className="button" to={capturedPath(query, { trace: id })}>Captured request</Link>}
          <Link className="button" to={`/dashboard/logs?${new URLSearchParams({ trace: id })}`}>
            Log lines{lines.length > 0 && ` (${formatCount(lines.length)})`}
          </Link>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {error && <Paused>What is late of it is not shown: {error.message}. Trying again.</Paused>}
        <Services services={found.services} />
        {against !== null ? <TraceComparison fall={fall} against={against} onClose={() => { set({ against: null }); }} /> : (
          <>
            <div className="flex flex-wrap items-center gap-2">
              <input
                type="search"
                aria-label="Find in this trace"
                placeholder="Find in this trace"
                value={find}
                onChange={(event) => { set({ find: event.target.value }); }}
                className="w-64 max-w-full rounded-md border border-line bg-surface px-2 py-1 text-xs"
              />
              {hits && <Hits fall={fall} hits={hits} open={open?.span.span_id ?? null} onOpen={(span) => { set({ span }); }} />}
              <button type="button" className="button" onClick={() => { setFolded(folded.size > 0 ? new Set() : new Set(foldable(fall))); }}>
                {folded.size > 0 ? 'Unfold all' : 'Fold all'}
              </button>
              <span className="ml-auto flex items-center gap-1.5 text-[11px] text-ink-soft">
                <span aria-hidden="true" className="h-1 w-5 bg-ink" /> what the trace waited for
              </span>
            </div>
            <div className={`grid min-w-0 items-start gap-3 ${open ? 'xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]' : ''}`}>
              <WaterfallRows
                fall={fall}
                folded={folded}
                onFold={(span) => {
                  const next = new Set(folded);
                  if (!next.delete(span)) next.add(span);
                  setFolded(next);
                }}
                hits={hits}
                lines={lines}
                open={open?.span.id ?? null}
                onOpen={(span) => { set({ span: span && nameOf(span, fall) }); }}
              />
              {open && <SpanDetail node={open} fall={fall} begin={found.timestamp} lines={lines} onClose={() => { set({ span: null }); }} />}
            </div>
          </>
        )}
      </div>
    </Card>
  );
}

/** What the URL calls a span: one that came twice by its row. */
const nameOf = (span: SpanRow, { byId }: Waterfall) => (byId.get(span.span_id)?.span === span ? span.span_id : `${span.id}`);

const foldable = ({ nodes }: Waterfall) => nodes.filter(({ depth, children }) => depth > 0 && children.length > 0).map(({ span }) => span.id);

function Services({ services }: { services: Trace['services'] }) {
  return (
    <ul aria-label="Services" className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
      {services.map(({ service, spans, errors }) => (
        <li key={service} className="flex items-center gap-1.5">
          <span aria-hidden="true" className="size-2.5 rounded-full" style={{ background: serviceColor(service) }} />
          {service} <span className="text-ink-soft">{formatCount(spans)}</span>
          {errors > 0 && <span className="text-bad">{formatCount(errors)} with errors</span>}
        </li>
      ))}
    </ul>
  );
}

/** How many were found, and the way from one to the next. */
function Hits({ fall, hits, open, onOpen }: { fall: Waterfall; hits: ReadonlySet<number>; open: string | null; onOpen: (span: string) => void }) {
  const found = fall.nodes.filter(({ span }) => hits.has(span.id));
  const at = found.findIndex(({ span }) => span.span_id === open);
  const go = (step: number) => {
    const next = found[(at + step + found.length) % found.length];
    if (next) onOpen(next.span.span_id);
  };
  return (
    <>
      <span role="status" className="text-xs text-ink-soft">{at >= 0 ? `${at + 1} of ` : ''}{formatCount(found.length)} found</span>
      {found.length > 0 && (
        <>
          <button type="button" className="button" aria-label="The one found before" onClick={() => { go(at < 0 ? 0 : -1); }}>↑</button>
          <button type="button" className="button" aria-label="The next found" onClick={() => { go(1); }}>↓</button>
        </>
      )}
    </>
  );
}

/** Asks for the trace to set beside this one. */
function Compare({ onCompare, isOpen }: { onCompare: (id: string) => void; isOpen: boolean }) {
  const [isAsked, setAsked] = useState(false);
  if (isOpen) return null;
  if (!isAsked) return <button type="button" className="button" onClick={() => { setAsked(true); }}>Compare</button>;
  return (
    <form
      className="flex gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        const other = new FormData(event.currentTarget).get('other');
        if (typeof other === 'string') onCompare(other.trim().toLowerCase());
        setAsked(false);
      }}
    >
      <input
        name="other"
        required
        pattern="\s*[0-9a-fA-F]{32}\s*"
        title="The 32 hexadecimal digits of a trace’s id"
        aria-label="The id of the trace to compare with"
        placeholder="Id of another trace"
        // eslint-disable-next-line jsx-a11y/no-autofocus -- it was asked for just now
        autoFocus
        className="w-64 rounded-md border border-line bg-surface px-2 py-1 font-mono text-xs"
      />
      <button type="submit" className="button">Compare</button>
    </form>
  );
}
