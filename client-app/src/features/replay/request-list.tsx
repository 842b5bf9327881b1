import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formatCountry, formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import { holdOlder, type CapturedRequest, type Tail } from './queries';
import type { ReplayFilters } from './replay-filters';
import { StatusCode } from './status-code';

interface Props {
  tail: Tail;
  filters: ReplayFilters;
  open: number | null;
  onOpen: (id: number | null) => void;
  picked: ReadonlySet<number>;
  onPick: (ids: ReadonlySet<number>) => void;
}

/** The captured requests, the last to arrive first. */
export function RequestList({ tail, filters, open, onOpen, picked, onPick }: Props) {
  const client = useQueryClient();
  const [older, setOlder] = useState<{ isLoading: boolean; error: Error | null }>({ isLoading: false, error: null });
  const load = () => {
    setOlder({ isLoading: true, error: null });
    holdOlder(client, filters).then(
      () => { setOlder({ isLoading: false, error: null }); },
      (failure: unknown) => { setOlder({ isLoading: false, error: failure instanceof Error ? failure : new Error(String(failure)) }); });
  };
  const isAll = tail.rows.length > 0 && tail.rows.every(({ id }) => picked.has(id));
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <table aria-label="Captured requests" className="w-full table-fixed text-xs">
        <thead>
          <tr className="text-left text-ink-soft">
            <th scope="col" className="w-7 py-1">
              <input
                type="checkbox"
                aria-label="Pick all that are shown"
                checked={isAll}
                onChange={() => { onPick(isAll ? new Set() : new Set(tail.rows.map(({ id }) => id))); }}
              />
            </th>
            <th scope="col" className="w-18 py-1 font-medium">Time</th>
            <th scope="col" className="w-14 py-1 font-medium">Status</th>
            <th scope="col" className="py-1 font-medium">Request</th>
            <th scope="col" className="w-16 py-1 text-right font-medium">Took</th>
            {open === null && (
              <>
                <th scope="col" className="w-28 py-1 pl-3 font-medium max-lg:hidden">Service</th>
                <th scope="col" className="w-24 py-1 font-medium max-xl:hidden">Stage</th>
                <th scope="col" className="w-24 py-1 font-medium max-xl:hidden">User</th>
                <th scope="col" className="w-28 py-1 font-medium max-xl:hidden">From</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {tail.rows.map((row) => (
            <Row
              key={row.id}
              row={row}
              isOpen={row.id === open}
              isShort={open !== null}
              onOpen={() => { onOpen(row.id === open ? null : row.id); }}
              isPicked={picked.has(row.id)}
              onPick={() => {
                const next = new Set(picked);
                if (!next.delete(row.id)) next.add(row.id);
                onPick(next);
              }}
            />
          ))}
        </tbody>
      </table>
      {tail.hasOlder && (
        <div className="flex items-center gap-3">
          <button type="button" className="button" disabled={older.isLoading} onClick={load}>{older.isLoading ? 'Loading…' : 'Older ones'}</button>
          {older.error && <span role="alert" className="text-xs text-bad">{older.error.message}</span>}
        </div>
      )}
    </div>
  );
}

interface RowProps {
  row: CapturedRequest;
  isOpen: boolean;
  isShort: boolean;
  onOpen: () => void;
  isPicked: boolean;
  onPick: () => void;
}

function Row({ row, isOpen, isShort, onOpen, isPicked, onPick }: RowProps) {
  const time = useTime();
  const target = `${row.path}${row.query_string === '' ? '' : `?${row.query_string}`}`;
  return (
    <tr className={`border-t border-line ${isOpen ? 'bg-card outline outline-accent' : 'hover:bg-card'}`}>
      <td className="py-1"><input type="checkbox" aria-label={`Pick request ${row.id}`} checked={isPicked} onChange={onPick} /></td>
      <td className="py-1 whitespace-nowrap text-ink-soft">
        <time dateTime={row.timestamp} title={time.full(Date.parse(row.timestamp))}>{time.clock(Date.parse(row.timestamp))}</time>
      </td>
      <td className="py-1"><StatusCode status={row.status_code} /></td>
      <td className="py-1">
        <button type="button" aria-expanded={isOpen} onClick={onOpen} className="flex w-full cursor-pointer items-baseline gap-2 text-left hover:underline">
          <span className="shrink-0 font-medium">{row.method}</span>
          <span className="min-w-0 truncate font-mono" title={target}>{target}</span>
        </button>
        {row.error && <p className="truncate text-bad" title={row.error}>{row.error.split('\n')[0]}</p>}
      </td>
      <td className="py-1 text-right whitespace-nowrap">{formatLatency(row.duration)}</td>
      {!isShort && (
        <>
          <td className="truncate py-1 pl-3 text-ink-soft max-lg:hidden" title={row.service}>{row.service}</td>
          <td className="truncate py-1 text-ink-soft max-xl:hidden">{row.stage}</td>
          <td className="truncate py-1 text-ink-soft max-xl:hidden" title={row.user_id ?? ''}>{row.user_id}</td>
          <td className="truncate py-1 text-ink-soft max-xl:hidden">{row.geo_country && formatCountry(row.geo_country)}</td>
        </>
      )}
    </tr>
  );
}
