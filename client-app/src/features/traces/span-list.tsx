import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import { outcomeColor, serviceColor } from './colors';
import { holdOlder, type Tail } from './queries';
import type { TraceFilters } from './trace-filters';
import type { SpanRow } from './waterfall';

interface Props {
  tail: Tail;
  filters: TraceFilters;
  onOpen: (row: SpanRow) => void;
}

const SHOWN = 200; // rows at once: a scatter shows more than anybody reads

/** The spans, the last to arrive first; each leads to its trace. */
export function SpanList({ tail, filters, onOpen }: Props) {
  const client = useQueryClient();
  const [shown, setShown] = useState(SHOWN);
  const [older, setOlder] = useState<{ isLoading: boolean; error: Error | null }>({ isLoading: false, error: null });
  const load = () => {
    setShown(shown + SHOWN);
    if (shown + SHOWN <= tail.rows.length || !tail.hasOlder) return;
    setOlder({ isLoading: true, error: null });
    holdOlder(client, filters).then(
      () => { setOlder({ isLoading: false, error: null }); },
      (failure: unknown) => { setOlder({ isLoading: false, error: failure instanceof Error ? failure : new Error(String(failure)) }); });
  };
  // They arrive in the batches of their senders.
  const rows = tail.rows.slice(0, shown).sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
  const longest = rows.reduce((most, { duration }) => Math.max(most, duration), 0);
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <table aria-label="Spans" className="w-full table-fixed text-xs">
        <thead>
          <tr className="text-left text-ink-soft">
            <th scope="col" className="w-18 py-1 font-medium">Time</th>
            <th scope="col" className="w-32 py-1 font-medium max-md:hidden">Service</th>
            <th scope="col" className="py-1 font-medium">Name</th>
            <th scope="col" className="w-16 py-1 font-medium max-md:hidden">Kind</th>
            <th scope="col" className="w-14 py-1 font-medium">Status</th>
            <th scope="col" className="w-16 py-1 text-right font-medium">Took</th>
            <th scope="col" className="w-40 py-1 pl-3 font-medium max-lg:hidden"><span className="sr-only">How long, beside the others</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => <Row key={row.id} row={row} longest={longest} onOpen={onOpen} />)}
        </tbody>
      </table>
      {(tail.hasOlder || shown < tail.rows.length) && (
        <div className="flex items-center gap-3">
          <button type="button" className="button" disabled={older.isLoading} onClick={load}>{older.isLoading ? 'Loading…' : 'Older ones'}</button>
          {older.error && <span role="alert" className="text-xs text-bad">{older.error.message}</span>}
        </div>
      )}
    </div>
  );
}

function Row({ row, longest, onOpen }: { row: SpanRow; longest: number; onOpen: (row: SpanRow) => void }) {
  const time = useTime();
  const at = Date.parse(row.timestamp);
  return (
    <tr className="border-t border-line hover:bg-card">
      <td className="py-1 whitespace-nowrap text-ink-soft"><time dateTime={row.timestamp} title={time.full(at)}>{time.clock(at)}</time></td>
      <td className="truncate py-1 max-md:hidden" title={row.service}>
        <span aria-hidden="true" className="mr-1.5 inline-block size-2 rounded-full" style={{ background: serviceColor(row.service) }} />{row.service}
      </td>
      <td className="py-1">
        <button type="button" onClick={() => { onOpen(row); }} className="w-full cursor-pointer truncate text-left font-mono hover:underline" title={row.name}>
          {row.name}
        </button>
        {row.status_message && <p className="truncate text-bad" title={row.status_message}>{row.status_message}</p>}
      </td>
      <td className="py-1 text-ink-soft max-md:hidden">{row.kind === 'unspecified' ? '' : row.kind}</td>
      <td className="py-1" style={{ color: outcomeColor[row.status] }}>{row.status_code ?? (row.status === 'unset' ? '' : row.status)}</td>
      <td className="py-1 text-right whitespace-nowrap">{formatLatency(row.duration)}</td>
      <td className="py-1 pl-3 max-lg:hidden">
        <span
          aria-hidden="true"
          className="block h-2 rounded-sm"
          style={{ width: `${longest === 0 ? 0 : Math.max(1, (row.duration / longest) * 100)}%`, background: serviceColor(row.service) }}
        />
      </td>
    </tr>
  );
}
