import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { Link } from 'react-router';
import { Choice } from '../../shared/choice';
import { resolve } from '../../shared/filters/filters';
import { formatCount, formatLatency } from '../../shared/format';
import { Popover } from '../../shared/popover';
import { SearchForm } from '../../shared/search-form';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useIsAtLeast } from '../../shared/use-media';
import { useParameters } from '../../shared/use-parameters';
import { useTitle } from '../../shared/use-title';
import { DurationScatter } from './duration-scatter';
import { tailOf } from './queries';
import { SpanList } from './span-list';
import { TraceFacets } from './trace-facets';
import { parts, useTraceFilters, type Part, type TraceFilters } from './trace-filters';
import { TraceView } from './trace-view';

const isTraceId = (text: string | null): text is string => /^[0-9a-f]{32}$/.test(text ?? '');

/** Traces: spans to look through, each of which leads to the whole of its trace. */
export function TracesPage() {
  useTitle('Traces');
  const [query] = useParameters();
  const trace = query.get('trace');
  return (
    <>
      <h1 className="sr-only">Traces</h1>
      {isTraceId(trace) ? <TraceView key={trace} id={trace} /> : <List />}
    </>
  );
}

interface Props {
  filters: TraceFilters;
  onChange: (change: Partial<TraceFilters>) => void;
}

function List() {
  const [filters, onChange] = useTraceFilters();
  return (
    <>
      <Search filters={filters} onChange={onChange} />
      <div className="flex flex-wrap items-center gap-2">
        <Choice<Part> label="Which spans" value={filters.spans} choices={parts} onChange={(spans) => { onChange({ spans }); }} />
        <Chips filters={filters} onChange={onChange} />
      </div>
      <Spans key={JSON.stringify(filters)} filters={filters} onChange={onChange} />
    </>
  );
}

function Spans({ filters, onChange }: Props) {
  const isWide = useIsAtLeast('wide');
  const [, setQuery] = useParameters();
  const { data: tail, error, isPending } = useQuery(tailOf(filters));
  const open = ({ trace_id, span_id }: { trace_id: string; span_id: string }) => {
    setQuery((current) => {
      current.set('trace', trace_id);
      current.set('span', span_id);
      return current;
    });
  };
  return (
    <div className="grid min-h-0 gap-4 lg:grid-cols-[11rem_minmax(0,1fr)]">
      {isWide && <div className="min-w-0"><TraceFacets filters={filters} onChange={onChange} /></div>}
      <section aria-label="Spans" className="flex min-w-0 flex-col gap-2">
        {isPending ? <Loading what="spans" /> : !tail ? <Failed what="Spans" error={error} /> : (
          <>
            {error && <Paused>The list stands still: {error.message}. Trying again.</Paused>}
            <p role="status" className="text-xs text-ink-soft">
              {formatCount(tail.rows.length)}{tail.hasOlder ? ' newest' : ''} {tail.rows.length === 1 ? 'span' : 'spans'}
              {filters.range.kind === 'last' && !error && ', live'}
              {!!tail.metadata.sampled_out && `; ${formatCount(tail.metadata.sampled_out)} of this range were sampled out, none that failed`}
            </p>
            {tail.rows.length === 0
              ? <Empty>No span fits in this range. <Link to="/dashboard/connect" className="underline">How to send them</Link></Empty>
              : (
                <>
                  <DurationScatter
                    rows={tail.rows}
                    range={resolve(filters.range)}
                    onOpen={open}
                    onSelect={({ from, to, longer, shorter }) => {
                      onChange({ range: { kind: 'custom', from, to }, longer: rounded(longer), shorter: rounded(shorter) });
                    }}
                  />
                  <SpanList tail={tail} filters={filters} onOpen={open} />
                </>
              )}
          </>
        )}
      </section>
    </div>
  );
}

/** To three digits: nobody draws more exactly. */
const rounded = (ms: number) => Number(ms.toPrecision(3));

function Search({ filters, onChange }: Props) {
  const isWide = useIsAtLeast('wide');
  return (
    <div className="flex items-center gap-2">
      <SearchForm
        label="Search spans"
        placeholder={'Words in service, name, endpoint or status message; "a phrase", -not, trace:'}
        search={filters.search}
        onSearch={(search) => { onChange({ search }); }}
      />
      {!isWide && (
        <Popover name={<><SlidersHorizontal className="size-4" aria-hidden="true" /> Filters</>} inside="w-64 gap-4 p-3 text-sm">
          <TraceFacets filters={filters} onChange={onChange} />
        </Popover>
      )}
    </div>
  );
}

/** What the URL says beside search and range, each to be taken away. */
function Chips({ filters, onChange }: Props) {
  const chips: { name: string; without: Partial<TraceFilters> }[] = [
    ...(['endpoint', 'name', 'kind', 'outcome', 'status'] as const).flatMap((name) =>
      (filters[name] === null ? [] : [{ name: `${name} ${filters[name]}`, without: { [name]: null } }])),
    ...(filters.longer === null ? [] : [{ name: `at least ${formatLatency(filters.longer)}`, without: { longer: null } }]),
    ...(filters.shorter === null ? [] : [{ name: `less than ${formatLatency(filters.shorter)}`, without: { shorter: null } }]),
    ...filters.attributes.map((attribute) => ({ name: attribute, without: { attributes: filters.attributes.filter((other) => other !== attribute) } })),
  ];
  return chips.map(({ name, without }) => (
    <button key={name} type="button" className="button max-w-96" onClick={() => { onChange(without); }}>
      <span className="truncate">{name}</span> <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
    </button>
  ));
}
