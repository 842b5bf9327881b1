import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getJson } from '../../shared/api';
import { resolve } from '../../shared/filters/filters';
import { formatCount } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import type { Line } from './lines';
import { logQuery, searchedWords, type LogFilters } from './log-filters';
import { LogLine } from './log-line';

const LIMIT = 100;
const REFRESH_MS = 10_000;

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

/** The lines that fit a search best, each with why it is there; what is only remotely alike apart. */
export function BestView({ filters, onChange }: Props) {
  const { data, error } = useQuery({
    queryKey: ['logs', 'best', filters],
    queryFn: async ({ signal }) => {
      const range = resolve(filters.range);
      const query = { ...logQuery(filters), start_date: range.start, end_date: range.live ? null : range.end, sort: 'relevance', limit: LIMIT };
      return (await getJson('/logs', query, signal)).data;
    },
    refetchInterval: REFRESH_MS,
    placeholderData: (previous) => previous,
  });
  const [open, setOpen] = useState<number | null>(null);
  if (!data) return error ? <Failed what="The best lines" error={error} /> : <Loading what="the best lines" />;
  const words = filters.mode === 'semantic' ? [] : searchedWords(filters.search);
  const lines = (of: Line[]) => of.map((line) => (
    <li key={line.id} className="border-b border-line last:border-0">
      <LogLine
        line={line}
        words={words}
        isOpen={open === line.id}
        onToggle={() => { setOpen(open === line.id ? null : line.id); }}
        filters={filters}
        onChange={onChange}
      />
      <Why match={line.match} />
    </li>
  ));
  const remote = data.filter((line) => line.match?.is_remote);
  const fitting = data.filter((line) => !line.match?.is_remote);
  return (
    <section aria-label="Lines that fit best" className="flex min-w-0 flex-col gap-2">
      {error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      <p role="status" className="text-xs text-ink-soft">
        {formatCount(fitting.length)} {fitting.length === 1 ? 'line fits' : 'lines fit'}, the best first; of each pattern its newest.
      </p>
      {data.length === 0 && <Empty>No line in this range has these words or means the like.</Empty>}
      {fitting.length > 0 && <ol className="overflow-hidden rounded-lg border border-line bg-surface">{lines(fitting)}</ol>}
      {remote.length > 0 && (
        <>
          <h2 className="mt-2 text-sm font-semibold">Also perhaps</h2>
          <ol className="overflow-hidden rounded-lg border border-line bg-surface opacity-90" aria-label="Only remotely alike">{lines(remote)}</ol>
        </>
      )}
    </section>
  );
}

/** Why a line was found. */
function Why({ match }: { match: Line['match'] }) {
  if (!match) return null;
  const meaning = match.meaning === null ? [] : [`means the like (${match.meaning.toFixed(2)})`];
  return (
    <p className="px-3 pb-1 text-[11px] text-ink-soft">
      {[...(match.words.length > 0 ? [`has ${match.words.join(', ')}`] : []), ...meaning].join(' · ')}
    </p>
  );
}
