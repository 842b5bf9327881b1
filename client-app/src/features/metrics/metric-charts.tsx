import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Query } from '../../shared/api';
import { csvOf, curlOf } from '../../shared/copy';
import { formatBytesPerSecond, formatCompact, formatCountry, formatExactly, formatLatency, formatLength, formatRate } from '../../shared/format';
import { DeployList } from '../deploys/deploy-list';
import { deployMark, deploys } from '../deploys/queries';
import { BucketTable } from './bucket-table';
import type { AggregatePoint } from './figures';
import { compares, seriesQuery, type Filters } from '../../shared/filters/filters';
import type { LiveSeries } from './live-series';
import { prepareRows, type ChartRow, type Series } from '../../shared/charts/prepare-rows';
import { comparedSeries } from './queries';
import { bandwidthSeries, errorSeries, latencySeries, trafficOf, trafficSeries } from './series';
import { TimeChart, type Frame } from '../../shared/charts/time-chart';

interface Props {
  filters: Filters;
  live: LiveSeries;
  now: number;
  onChange: (change: Partial<Filters>) => void;
}

/** Traffic, latency, errors and bandwidth over time; or the same as a table. */
export function MetricCharts({ filters, live, now, onChange }: Props) {
  const { data: others } = useQuery({ ...comparedSeries(filters), enabled: filters.compare !== 'none' });
  const { data: deployed = [] } = useQuery(deploys(filters));
  const [asTable, setAsTable] = useState(false);
  const traffic = useMemo(() => trafficSeries(filters), [filters]);
  const bandwidth = useMemo(() => bandwidthSeries(live.step), [live.step]);
  const compared = filters.compare === 'none' ? undefined : compares[filters.compare];
  const frame: Frame = {
    range: live,
    marks: deployed.map(deployMark),
    selection: filters.selection,
    onZoom: (span) => { onChange({ range: { kind: 'custom', ...span }, selection: span }); },
    onSelect: (selection) => { onChange({ selection }); },
  };
  const asked: Query = { ...seriesQuery(filters), start_date: live.start, end_date: live.end, window_size: live.step / 1000 };
  const chart = (series: readonly Series[], of: (point: AggregatePoint) => number) => {
    const rows = prepareRows(live.points, live, now, series, compared && others ? { points: others, of } : undefined);
    return { rows, series, compared, frame, copy: { curl: () => curlOf('/metrics/aggregate', asked), csv: () => rowsCsv(rows, series) } };
  };
  const every = `per ${formatLength(live.step)}`;
  const ofAll = filters.status !== null ? 'of all statuses' : filters.country !== null ? 'of all countries' : null;
  const noted = (...notes: (string | null | undefined)[]) => notes.filter(Boolean).join(', ');

  return (
    <section aria-label="Charts" className="flex flex-col gap-3">
      {asTable ? (
        <BucketTable live={live} now={now} note={ofAll} />
      ) : (
        <div className="grid gap-3 lg:grid-cols-2 2xl:grid-cols-4">
          <TimeChart
            {...chart(traffic, trafficOf(filters))}
            title={filters.country === null ? 'Requests by status' : `Requests from ${formatCountry(filters.country)}`}
            note={every}
            kind="bars"
            formatValue={formatCompact}
            formatExact={formatExactly.requests}
          />
          <TimeChart
            {...chart(latencySeries, (point) => point.p95_latency)}
            title="Latency"
            note={noted(ofAll, compared && 'dotted: p95')}
            kind="lines"
            formatValue={formatLatency}
            formatExact={formatExactly.latency}
          />
          <TimeChart
            {...chart(errorSeries, (point) => point.error_rate)}
            title="Error rate"
            note={noted('5xx', ofAll ?? 'of all requests')}
            kind="lines"
            formatValue={formatRate}
            topOfZeros={0.01}
            formatExact={formatExactly.rate}
          />
          <TimeChart
            {...chart(bandwidth, (point) => point.response_size / (live.step / 1000))}
            title="Bandwidth"
            note={noted(ofAll, compared && 'dotted: sent')}
            kind="lines"
            formatValue={formatBytesPerSecond}
            formatExact={formatExactly.bytesPerSecond}
          />
        </div>
      )}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-soft">
        <span>
          <span className="pointer-coarse:hidden">Drag over a chart to zoom, click</span>
          <span className="hidden pointer-coarse:inline">Tap</span> a bucket to see what changed in it.
        </span>
        <DeployList deploys={deployed} />
        <button
          type="button"
          aria-pressed={asTable}
          onClick={() => {
            setAsTable(!asTable);
          }}
          className="ml-auto rounded px-1.5 py-0.5 hover:bg-card hover:text-ink"
        >
          {asTable ? 'Show as charts' : 'Show as a table'}
        </button>
      </div>
    </section>
  );
}

const rowsCsv = (rows: ChartRow[], series: readonly Series[]) =>
  csvOf(['time', ...series.map(({ name }) => name)], rows.map((row) => [new Date(row.at).toISOString(), ...series.map(({ key }) => row.values[key] ?? null)]));
