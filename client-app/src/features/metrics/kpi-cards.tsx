import { formatBytes, formatBytesPerSecond, formatChange, formatCount, formatExactly, formatLatency, formatPerSecond, formatRate } from '../../shared/format';
import { useTime } from '../../shared/time';
import type { AggregatePoint, Comparison, Summary } from './figures';
import { compares, type Filters } from '../../shared/filters/filters';
import { prepareRows } from '../../shared/charts/prepare-rows';
import { trafficOf } from './series';
import type { LiveSeries } from './live-series';
import { Sparkline } from '../../shared/charts/sparkline';

interface Kpi {
  name: string;
  figure: Comparison;
  format: (value: number) => string;
  exact: (value: number) => string;
  /** What makes the sparkline. */
  of: (point: AggregatePoint) => number;
  /** Whether more is worse; null where it is neither. */
  moreIsWorse: boolean | null;
  note?: string | undefined;
}

interface Props {
  filters: Filters;
  summary: Summary;
  live: LiveSeries;
  now: number;
  /** When the data begins, if that is after the range it is set beside does. */
  since: number | null;
}

export function KpiCards({ filters, summary, live, now, since }: Props) {
  const seconds = (live.end - live.start) / 1000;
  const bandwidth = sum(summary.bytes_in, summary.bytes_out, 1 / seconds);
  const ofAll = filters.status === null ? undefined : 'of all statuses';
  const isEmpty = summary.traffic.value === 0;
  const traffic = trafficOf({ ...filters, country: null });
  const kpis: Kpi[] = [
    { name: 'Requests/s', figure: summary.requests_per_second, format: formatPerSecond, exact: formatExactly.perSecond, of: traffic, moreIsWorse: null },
    {
      name: 'Error rate',
      figure: summary.error_rate,
      format: formatRate,
      exact: formatExactly.rate,
      of: (point) => point.error_rate,
      moreIsWorse: true,
      note: ofAll,
    },
    {
      name: 'p95 latency',
      figure: summary.p95_latency,
      format: formatLatency,
      exact: formatExactly.latency,
      of: (point) => point.p95_latency,
      moreIsWorse: true,
      note: ofAll,
    },
    {
      name: 'Average latency',
      figure: summary.avg_latency,
      format: formatLatency,
      exact: formatExactly.latency,
      of: (point) => point.avg_latency,
      moreIsWorse: true,
      note: ofAll,
    },
    { name: 'Requests', figure: summary.traffic, format: formatCount, exact: formatExactly.requests, of: traffic, moreIsWorse: null },
    {
      name: 'Bandwidth',
      figure: bandwidth,
      format: formatBytesPerSecond,
      exact: formatExactly.bytesPerSecond,
      of: (point) => point.request_size + point.response_size,
      moreIsWorse: null,
      note: ofAll ?? `${formatBytes(summary.bytes_in.value)} in, ${formatBytes(summary.bytes_out.value)} out`,
    },
  ];
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      {kpis.map((kpi) => (
        <div key={kpi.name} className="min-w-0 rounded-lg border border-line bg-card px-4 pt-3 pb-2">
          <dt className="truncate text-xs font-medium text-ink-soft">
            {kpi.name}
            {filters.country !== null && ', all countries'}
            {kpi.note !== undefined && filters.status !== null && `, ${kpi.note}`}
          </dt>
          <dd>
            <span className="block truncate text-2xl font-semibold tracking-tight" data-figure={kpi.name} title={kpi.exact(kpi.figure.value)}>
              {isEmpty && kpi.moreIsWorse !== null ? '–' : kpi.format(kpi.figure.value)}
            </span>
            <Change kpi={kpi} filters={filters} hadRequests={summary.traffic.previous > 0} since={since} />
            <Sparkline
              values={prepareRows(live.points, live, now, [{ key: 'v', name: '', color: '', of: kpi.of }]).map((row) => row.solid.v ?? null)}
              className="mt-1 h-7 w-full"
            />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Change({
  kpi: { figure, format, moreIsWorse, note },
  filters,
  hadRequests,
  since,
}: {
  kpi: Kpi;
  filters: Filters;
  hadRequests: boolean;
  since: number | null;
}) {
  const time = useTime();
  if (filters.compare === 'none') return <span className="block truncate text-xs text-ink-soft">{note ?? ' '}</span>;
  if (since !== null)
    return (
      <span className="block truncate text-xs text-ink-soft" title={`There is no whole range to set it beside: data begins ${time.full(since)}`}>
        since {time.full(since)}
      </span>
    );
  if (!hadRequests) return <span className="block truncate text-xs text-ink-soft" title={`No requests in ${compares[filters.compare]}`}>nothing before</span>;
  const { change, previous, value } = figure;
  const text = value === 0 && previous === 0 ? '±0 %' : formatChange(change);
  const worse = moreIsWorse === true && (change ?? (value > 0 ? 1 : 0)) > 0.005;
  const better = moreIsWorse === true && (change ?? 0) < -0.005;
  return (
    <span className="block truncate text-xs text-ink-soft" title={`${format(previous)} in ${compares[filters.compare]}${note ? `; ${note}` : ''}`}>
      <span className={worse ? 'font-semibold text-bad' : better ? 'font-semibold text-good' : 'font-semibold text-ink'}>
        {change !== null && Math.abs(change) >= 0.0005 ? (change > 0 ? '▲ ' : '▼ ') : ''}
        {text}
      </span>{' '}
      from {format(previous)}
    </span>
  );
}

function sum(a: Comparison, b: Comparison, factor: number): Comparison {
  const value = (a.value + b.value) * factor;
  const previous = (a.previous + b.previous) * factor;
  return { value, previous, change: previous > 0 ? (value - previous) / previous : null };
}
