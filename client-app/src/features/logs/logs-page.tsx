import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { getJson } from '../../shared/api';
import { Choice } from '../../shared/choice';
import { formatCount, formatPerSecond } from '../../shared/format';
import { capturedPath } from '../../shared/filters/replay-path';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useIsAtLeast } from '../../shared/use-media';
import { useTitle } from '../../shared/use-title';
import { useParameters } from '../../shared/use-parameters';
import { BestView } from './best-view';
import { LineDetail } from './line-detail';
import { useTail } from './lines';
import { LogBar } from './log-bar';
import { LogFacets } from './log-facets';
import { LogHistogram } from './log-histogram';
import { LogList } from './log-list';
import { LogMenus } from './log-menus';
import { hasLiteralStar, searchedWords, writeLogFilters, type LogFilters } from './log-filters';
import { withoutColours } from './message';
import { PatternsView } from './patterns-view';
import { useLogFilters } from './use-log-filters';

const views = [['lines', 'Lines'], ['best', 'Best'], ['patterns', 'Patterns']] as const;
type View = (typeof views)[number][0];

const readView = (query: URLSearchParams, { search }: LogFilters): View => {
  const view = query.get('view');
  return view === 'patterns' || (view === 'best' && search !== '') ? view : 'lines';
};

/** The logs: a live tail with search and filters, how many over time, and what they have in common. */
export function LogsPage() {
  useTitle('Logs');
  const [filters, onChange] = useLogFilters();
  const [query, setQuery] = useParameters();
  const isWide = useIsAtLeast('wide');
  const view = readView(query, filters);
  const show = (next: View, change: Partial<LogFilters> = {}) => {
    setQuery((current) => {
      const changed = writeLogFilters(current, change);
      if (next === 'lines') changed.delete('view');
      else changed.set('view', next);
      return changed;
    });
  };
  const line = Number(query.get('line') ?? NaN);
  return (
    <>
      <h1 className="sr-only">Logs</h1>
      <LogBar filters={filters} onChange={onChange} />
      {hasLiteralStar(filters.search) && (
        <p role="note" className="text-xs text-warn">A * stands for any ending only at the end of a word; elsewhere it is looked for as it is.</p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Choice
          label="Show"
          value={view}
          choices={filters.search === '' ? views.filter(([name]) => name !== 'best') : views}
          onChange={(next) => { show(next); }}
        />
        <Chips filters={filters} onChange={onChange} />
        {filters.pattern !== null && <Link className="button" to={capturedPath(query, { pattern: filters.pattern })}>Captured requests of this pattern</Link>}
        <div className="ml-auto"><LogMenus filters={filters} /></div>
      </div>
      {Number.isInteger(line) && <OneLine id={line} filters={filters} onChange={onChange} />}
      <LogHistogram filters={filters} onChange={onChange} />
      <div className="grid min-h-0 gap-4 lg:grid-cols-[11rem_minmax(0,1fr)]">
        {isWide && <div className="min-w-0"><LogFacets filters={filters} onChange={onChange} /></div>}
        {view === 'patterns'
          ? <PatternsView filters={filters} onPick={(pattern) => { show('lines', { pattern }); }} />
          : view === 'best' ? <BestView key={JSON.stringify(filters)} filters={filters} onChange={onChange} />
          : <Lines key={JSON.stringify(filters)} filters={filters} onChange={onChange} />}
      </div>
    </>
  );
}

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

function Lines({ filters, onChange }: Props) {
  const { tail, error, isPending, older, loadOlder } = useTail(filters);
  const words = useMemo(() => (filters.mode === 'semantic' ? [] : searchedWords(filters.search)), [filters.search, filters.mode]);
  if (isPending) return <Loading what="the lines" />;
  if (!tail) return <Failed what="The lines" error={error ?? new Error('no answer')} />;
  return (
    <section aria-label="Lines of the logs" className="flex min-w-0 flex-col gap-2">
      {error && <Paused>The tail stands still: {error.message}. Trying again.</Paused>}
      <p role="status" className="text-xs text-ink-soft">
        {formatCount(tail.lines.length)}{tail.hasOlder ? ' newest' : ''} {tail.lines.length === 1 ? 'line' : 'lines'}
        {filters.range.kind === 'last' && !error && ', live'}
        {tail.sampled !== null && <strong className="text-warn"> · {formatPerSecond(tail.sampled).replace(' /s', ' lines/s')}, sampled</strong>}
      </p>
      {tail.lines.length === 0
        ? <Empty>No line fits in this range. <Link to="/dashboard/connect" className="underline">How to send logs</Link></Empty>
        : <LogList tail={tail} words={words} older={older} onOlder={loadOlder} filters={filters} onChange={onChange} />}
    </section>
  );
}

/** What the URL says beside search and range, each to be taken away. */
function Chips({ filters, onChange }: Props) {
  const chips: [string, Partial<LogFilters>][] = [
    ...filters.levels.map((level): [string, Partial<LogFilters>] => [level, { levels: filters.levels.filter((other) => other !== level) }]),
    ...filters.sources.map((source): [string, Partial<LogFilters>] => [`source ${source}`, { sources: filters.sources.filter((other) => other !== source) }]),
    ...(filters.pattern === null ? [] : [[`pattern ${filters.pattern}`, { pattern: null }] as [string, Partial<LogFilters>]]),
    ...(filters.trace === null ? [] : [[`trace ${filters.trace}`, { trace: null }] as [string, Partial<LogFilters>]]),
    ...filters.meta.map((meta): [string, Partial<LogFilters>] => [
      `${meta.key} ${meta.isNegated ? '≠' : '='} ${meta.value}`,
      { meta: filters.meta.filter((other) => other !== meta) },
    ]),
  ];
  return chips.map(([name, change]) => (
    <button key={name} type="button" className="button max-w-64" onClick={() => { onChange(change); }}>
      <span className="truncate">{name}</span> <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
    </button>
  ));
}

/** The line that a link is to. */
function OneLine({ id, filters, onChange }: Props & { id: number }) {
  const { data: line, error } = useQuery({ queryKey: ['logs', 'line', id], queryFn: async ({ signal }) => (await getJson('/logs/{id}', {}, signal, id)).data });
  return (
    <section aria-label={`Line ${id}`} className="rounded-lg border border-accent bg-card">
      <header className="flex items-center gap-3 px-3 pt-2 text-sm">
        <h2 className="font-semibold">Line {id}</h2>
        <button type="button" className="button ml-auto" aria-label="Close this line" onClick={() => { onChange({}); }}>×</button>
      </header>
      {line ? <LineDetail line={line} message={withoutColours(line.message)} words={[]} filters={filters} onChange={onChange} />
        : error ? <Failed what={`Line ${id}`} error={error} /> : <Loading what="the line" />}
    </section>
  );
}
