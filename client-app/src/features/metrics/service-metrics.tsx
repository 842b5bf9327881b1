import { useQuery } from '@tanstack/react-query';
import { formatCompact, formatCount, formatLatency, formatRate } from '../../shared/format';
import { endpointTotals } from './endpoint-queries';
import { EndpointTable } from './endpoint-table';
import { prepareSeries, sumUp } from './prepare-series';
import { TimeSeriesChart, type Series } from './time-series-chart';
import { windowFeed } from './window-feed';

const traffic: readonly Series[] = [{ key: 'traffic', name: 'Requests', color: 'var(--chart-traffic)' }];
const latency: readonly Series[] = [
  { key: 'p50', name: 'p50', color: 'var(--chart-p50)' },
  { key: 'p95', name: 'p95', color: 'var(--chart-p95)' },
  { key: 'p99', name: 'p99', color: 'var(--chart-p99)' },
];

export function ServiceMetrics({ service }: { service: string }) {
  const { data: feed, error, isPending, dataUpdatedAt, errorUpdatedAt } = useQuery(windowFeed(service));
  const { data: endpoints, error: endpointError } = useQuery({
    ...endpointTotals(service, feed?.lastId ?? 0),
    enabled: feed !== undefined,
  });
  if (isPending) return <p role="status">Loading {service}…</p>;
  if (!feed) return <p role="alert">The metrics cannot be loaded: {error.message}. Trying again.</p>;

  // As of the last poll, failed or not: the axis goes on while nothing arrives.
  const points = prepareSeries(feed.windows, Math.max(dataUpdatedAt, errorUpdatedAt));
  const sum = sumUp(feed.windows);
  const paused = error ?? endpointError;
  return (
    <>
      {paused && (
        <p role="alert" className="rounded-md border border-bad px-3 py-2 text-sm text-bad">
          Live updates paused: {paused.message}. What is shown is as of {new Date(dataUpdatedAt).toLocaleTimeString()}; trying again.
        </p>
      )}
      <dl className="flex flex-wrap gap-x-10 gap-y-3">
        <Figure label="Requests" value={formatCount(sum.traffic)} />
        <Figure label="Errors" value={formatRate(sum.errorRate)} />
      </dl>
      <section aria-label="Charts" className="grid gap-6 lg:grid-cols-2">
        <TimeSeriesChart title="Requests a minute" points={points} series={traffic} formatValue={formatCompact} />
        <TimeSeriesChart title="Latency" points={points} series={latency} formatValue={formatLatency} />
      </section>
      {endpoints && endpoints.length > 0 ? (
        <EndpointTable rows={endpoints} />
      ) : (
        <p role="status" className="text-ink-soft">
          {endpoints ? `No requests of ${service} in the last 15 minutes.` : 'Loading endpoints…'}
        </p>
      )}
    </>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="text-3xl font-semibold tracking-tight" data-figure={label}>
        {value}
      </dd>
    </div>
  );
}
