import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { Choice } from '../../shared/choice';
import { formatCount } from '../../shared/format';
import { Popover } from '../../shared/popover';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { SearchForm } from '../../shared/search-form';
import { useIsAtLeast } from '../../shared/use-media';
import { useParameters } from '../../shared/use-parameters';
import { useTitle } from '../../shared/use-title';
import { PickedBar } from './picked-bar';
import { tailOf } from './queries';
import { ReplayFacets } from './replay-facets';
import { useReplayFilters, type ReplayFilters } from './replay-filters';
import { RequestDetail, readTab } from './request-detail';
import { RequestList } from './request-list';
import { RunsView } from './runs-view';

const views = [['requests', 'Requests'], ['runs', 'Runs']] as const;
type View = (typeof views)[number][0];

const idOf = (text: string | null) => (/^\d{1,18}$/.test(text ?? '') ? Number(text) : null);

/** Captured requests: a live list to look through, each to be looked into and sent again. */
export function ReplayPage() {
  useTitle('Requests');
  const [filters, onChange] = useReplayFilters();
  const [query, setQuery] = useParameters();
  const view: View = query.get('view') === 'runs' ? 'runs' : 'requests';
  const set = (change: Record<string, string | null>) => {
    setQuery((current) => {
      for (const [name, value] of Object.entries(change)) {
        if (value === null) current.delete(name);
        else current.set(name, value);
      }
      return current;
    });
  };
  const showRun = (id: number | null) => { set({ view: 'runs', run: id === null ? null : `${id}` }); };
  return (
    <>
      <h1 className="sr-only">Captured requests</h1>
      {view === 'requests' && <Search filters={filters} onChange={onChange} />}
      <div className="flex flex-wrap items-center gap-2">
        <Choice<View> label="Show" value={view} choices={views} onChange={(next) => { set({ view: next === 'runs' ? 'runs' : null, run: null }); }} />
        {view === 'requests' && <Chips filters={filters} onChange={onChange} />}
      </div>
      {view === 'runs' ? <RunsView open={idOf(query.get('run'))} onOpen={showRun} /> : (
        <Requests
          key={JSON.stringify(filters)}
          filters={filters}
          onChange={onChange}
          open={idOf(query.get('request'))}
          tab={query.get('tab')}
          set={set}
          onRun={showRun}
        />
      )}
    </>
  );
}

interface Props {
  filters: ReplayFilters;
  onChange: (change: Partial<ReplayFilters>) => void;
}

interface RequestsProps extends Props {
  open: number | null;
  tab: string | null;
  set: (change: Record<string, string | null>) => void;
  onRun: (id: number) => void;
}

function Requests({ filters, onChange, open, tab, set, onRun }: RequestsProps) {
  const isWide = useIsAtLeast('wide');
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  const { data: tail, error, isPending } = useQuery(tailOf(filters));
  return (
    <div className="grid min-h-0 gap-4 lg:grid-cols-[11rem_minmax(0,1fr)]">
      {isWide && <div className="min-w-0"><ReplayFacets filters={filters} onChange={onChange} /></div>}
      <div className={`grid min-w-0 items-start gap-4 ${open === null ? '' : 'xl:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]'}`}>
        <section aria-label="Captured requests" className="flex min-w-0 flex-col gap-2 max-xl:order-2">
          {isPending ? <Loading what="captured requests" /> : !tail ? <Failed what="Captured requests" error={error} /> : (
            <>
              {error && <Paused>The list stands still: {error.message}. Trying again.</Paused>}
              <div className="flex flex-wrap items-center gap-3">
                <p role="status" className="text-xs text-ink-soft">
                  {formatCount(tail.rows.length)}{tail.hasOlder ? ' newest' : ''} {tail.rows.length === 1 ? 'request' : 'requests'}
                  {filters.range.kind === 'last' && !error && ', live'}
                </p>
                {tail.rows.length > 0 && <PickedBar picked={picked} onPick={setPicked} filters={filters} onRun={onRun} />}
              </div>
              {tail.rows.length === 0
                ? <Empty>No captured request fits in this range. <Link to="/dashboard/connect" className="underline">How to capture them</Link></Empty>
                : (
                  <RequestList
                    tail={tail}
                    filters={filters}
                    open={open}
                    onOpen={(id) => { set({ request: id === null ? null : `${id}`, tab: id === null ? null : tab }); }}
                    picked={picked}
                    onPick={setPicked}
                  />
                )}
            </>
          )}
        </section>
        {open !== null && (
          <div className="min-w-0 xl:sticky xl:top-14">
            <RequestDetail
              key={open}
              id={open}
              tab={readTab(tab)}
              onTab={(next) => { set({ tab: next === 'request' ? null : next }); }}
              onClose={() => { set({ request: null, tab: null }); }}
            />
          </div>
        )}
      </div>
    </div>
  );
}

function Search({ filters, onChange }: Props) {
  const isWide = useIsAtLeast('wide');
  return (
    <div className="flex items-center gap-2">
      <SearchForm
        label="Search captured requests"
        placeholder={'Words in path, query, bodies or error; "a phrase", -not, begin*, trace:'}
        search={filters.search}
        onSearch={(search) => { onChange({ search }); }}
      />
      {!isWide && (
        <Popover name={<><SlidersHorizontal className="size-4" aria-hidden="true" /> Filters</>} inside="w-64 gap-4 p-3 text-sm">
          <ReplayFacets filters={filters} onChange={onChange} />
        </Popover>
      )}
    </div>
  );
}

/** What the URL says beside search and range, each to be taken away. */
function Chips({ filters, onChange }: Props) {
  const chips = (['status', 'endpoint', 'method', 'pattern', 'trace', 'stage', 'version', 'country'] as const)
    .flatMap((name) => (filters[name] === null ? [] : [{ name, value: `${filters[name]}` }]));
  return chips.map(({ name, value }) => (
    <button key={name} type="button" className="button max-w-72" onClick={() => { onChange({ [name]: null }); }}>
      <span className="truncate">{name} {value}</span> <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
    </button>
  ));
}
