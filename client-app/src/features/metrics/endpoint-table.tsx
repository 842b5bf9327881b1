import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatChange, formatCount, formatLatency, formatRate } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { columns, pickRows, readSort, type Column, type Sort } from './endpoint-rows';
import type { EndpointEntry, KnownService } from './figures';
import { FilterBar } from './filter-bar';
import { resolve, type Filters } from '../../shared/filters/filters';
import { FreshnessLine } from './freshness-line';
import { NothingHere } from './nothing-here';
import { endpointTable, rangeQuery } from './queries';
import { liveSeries } from './live-series';
import { Sparkline } from '../../shared/charts/sparkline';
import { useLinkTo, useSetParameters } from '../../shared/filters/use-filters';
import { useTitle } from '../../shared/use-title';

interface Props {
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
}

const ROW_HEIGHT = 40;
const OTHER = '__other__';

const csvColumns = ['service', 'endpoint', 'requests', 'error_rate', 'p50_ms', 'p95_ms', 'p99_ms', 'total_time_ms', 'change'];
const csvRow = ({ service, endpoint, traffic_count, error_rate, p50_latency, p95_latency, p99_latency, total_time, change }: EndpointEntry) =>
  [service, endpoint, traffic_count, error_rate, p50_latency, p95_latency, p99_latency, total_time, change];

/** Every endpoint of the view; only the rows in sight are in the page, so thousands stay smooth. */
export function EndpointTable({ filters: given, services, onChange }: Props) {
  const filters = { ...given, country: null };
  useTitle('Endpoints');
  const [query] = useSearchParams();
  const { error: liveError, dataUpdatedAt } = useQuery(liveSeries(filters));
  const { data, error } = useQuery(endpointTable(filters));
  // The URL follows what is typed; it is too slow to type into.
  const [search, setSearch] = useState(query.get('q') ?? '');
  const sort = readSort(query);
  const rows = useMemo(() => pickRows(data ?? [], search, { by: sort.by, descending: sort.descending }), [data, search, sort.by, sort.descending]);
  const set = useSetParameters();
  const onSort = (by: Sort['by']) => {
    set({ sort: by === 'traffic' ? null : by, order: by === sort.by ? (sort.descending ? 'asc' : 'desc') : null });
  };
  return (
    <>
      <h1 className="sr-only">Endpoints of {filters.service ?? 'all services'}</h1>
      <FilterBar filters={filters} onChange={onChange}>
        <FreshnessLine
          filters={filters}
          error={liveError ?? (data ? error : null)}
          updatedAt={dataUpdatedAt}
          onLive={() => {
            onChange({ range: { kind: 'last', name: '1h' } });
          }}
        />
      </FilterBar>
      <div className="flex flex-wrap items-center gap-3">
        <input
          type="search"
          value={search}
          onChange={(event) => { setSearch(event.target.value); set({ q: event.target.value }); }}
          placeholder="Find an endpoint ( / )"
          aria-label="Find an endpoint"
          data-shortcut="search"
          className="w-full max-w-sm rounded-md border border-line bg-card px-3 py-1.5 text-sm"
        />
        <span role="status" className="text-xs text-ink-soft">{data && `${formatCount(rows.length)} of ${formatCount(data.length)} endpoints`}</span>
        <div className="ml-auto">
          <CopyMenu
            of="Endpoints"
            curl={() => curlOf('/metrics/top', { ...rangeQuery(filters, resolve(filters.range)), limit: 10_000 })}
            csv={() => csvOf(csvColumns, rows.map(csvRow))}
          />
        </div>
      </div>
      {filters.status !== null && (
        <p className="text-xs text-ink-soft">
          Requests, trend and change count {filters.status} only; error rate, latencies and total time are of all statuses.
        </p>
      )}
      {data?.some((row) => row.endpoint === OTHER) && (
        <p className="text-xs text-warn">
          ⚠ The limit of endpoints is reached: further ones are counted together as {OTHER}. Send route templates instead of raw paths, or raise
          Bayou:Metrics:MaxEndpoints.
        </p>
      )}
      {!data ? (error ? <Failed what="The endpoints" error={error} /> : <Loading what="endpoints" />)
        : data.length === 0 ? <NothingHere filters={filters} services={services} onChange={onChange} />
        : rows.length === 0 ? <Empty>No endpoint has “{search}” in its name.</Empty>
        : <Rows rows={rows} sort={sort} filters={filters} onSort={onSort} />}
    </>
  );
}

interface RowsProps {
  rows: EndpointEntry[];
  sort: Sort;
  filters: Filters;
  onSort: (by: Column) => void;
}

function Rows({ rows, sort, filters, onSort }: RowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const linkTo = useLinkTo();
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this render only
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW_HEIGHT, overscan: 12 });
  const grid = 'grid grid-cols-[minmax(11rem,1fr)_6rem_6.5rem_6.5rem_6rem_6rem_6rem_6.5rem_6.5rem] items-center';
  return (
    <div
      ref={box}
      className="max-h-[calc(100vh-15rem)] min-h-60 overflow-auto rounded-lg border border-line bg-card"
      tabIndex={0}
      role="region"
      aria-label="Endpoints, scrollable"
    >
      <div role="table" aria-label="Endpoints" aria-rowcount={rows.length + 1} className="min-w-[62rem]">
        <div role="rowgroup" className="sticky top-0 z-10 border-b border-line bg-card">
          <div role="row" aria-rowindex={1} className={`${grid} text-xs text-ink-soft`}>
            {(Object.keys(columns) as Column[]).flatMap((name) => [
              <div
                key={name}
                role="columnheader"
                aria-sort={sort.by === name ? (sort.descending ? 'descending' : 'ascending') : 'none'}
                className={name === 'endpoint' ? '' : 'text-right'}
              >
                <button type="button" onClick={() => { onSort(name); }} className="px-3 py-2 font-medium whitespace-nowrap hover:text-ink">
                  {columns[name]} {sort.by === name && <span aria-hidden="true">{sort.descending ? '↓' : '↑'}</span>}
                </button>
              </div>,
              ...(name === 'endpoint' ? [<div key="trend" role="columnheader" className="px-3 py-2 font-medium">Trend</div>] : []),
            ])}
          </div>
        </div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return row && (
              <div
                key={`${row.service} ${row.endpoint}`}
                role="row"
                aria-rowindex={index + 2}
                className={`${grid} absolute inset-x-0 border-b border-line text-sm hover:bg-surface`}
                style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
              >
                <div role="rowheader" className="min-w-0 truncate px-3">
                  <Link
                    to={linkTo('/dashboard/metrics', { endpoint: row.endpoint, service: row.service, method: null })}
                    className="font-mono text-[13px] hover:underline"
                    title={row.endpoint}
                  >
                    {row.endpoint}
                  </Link>
                  {filters.service === null && <span className="ml-2 text-xs text-ink-soft">{row.service}</span>}
                </div>
                <div role="cell" className="px-2"><Sparkline values={row.series ?? []} /></div>
                <Cell>{formatCount(row.traffic_count)}</Cell>
                <Cell bad={row.error_rate >= 0.01}>{formatRate(row.error_rate)}</Cell>
                <Cell>{formatLatency(row.p50_latency)}</Cell>
                <Cell>{formatLatency(row.p95_latency)}</Cell>
                <Cell>{formatLatency(row.p99_latency)}</Cell>
                <Cell>{formatLatency(row.total_time)}</Cell>
                <Cell>{filters.compare === 'none' ? '' : formatChange(row.change)}</Cell>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const Cell = ({ children, bad = false }: { children: string; bad?: boolean }) => (
  <div role="cell" className={`px-3 text-right whitespace-nowrap ${bad ? 'font-semibold text-bad' : ''}`}>{children}</div>
);
