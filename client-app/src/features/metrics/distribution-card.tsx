import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/card';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatCompact, formatCount, formatLatency, formatRate } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { resolve, seriesQuery, type Filters } from '../../shared/filters/filters';
import type { Distribution } from './figures';
import { distribution } from './queries';

/** How many requests took how long, from the merged sketches; each bar is as wide in the logarithm as any other. */
export function DistributionCard({ filters }: { filters: Filters }) {
  const { data, error } = useQuery(distribution(filters));
  const range = resolve(filters.range);
  const most = Math.max(...(data?.buckets.map((bucket) => bucket.count) ?? [1]));
  return (
    <Card
      title="Latency distribution"
      note={data && data.count > 0 ? `${formatCompact(data.count)} requests${filters.status === null ? '' : ' of all statuses'}` : undefined}
      actions={
        <CopyMenu
          of="Latency distribution"
          curl={() => curlOf('/metrics/distribution', { ...seriesQuery(filters), start_date: range.start, end_date: range.end })}
          csv={() => csvOf(['from_ms', 'to_ms', 'requests'], (data?.buckets ?? []).map((bucket) => [bucket.from, bucket.to, bucket.count]))}
        />
      }
    >
      {!data ? (
        error ? (
          <Failed what="The distribution" error={error} />
        ) : (
          <Loading what="distribution" />
        )
      ) : data.count === 0 ? (
        <Empty>No requests in this range.</Empty>
      ) : (
        <figure>
          <div className="flex h-40 items-end gap-px" role="img" aria-label={inWords(data)}>
            {data.buckets.map((bucket) => (
              <div
                key={bucket.from}
                className="min-w-px flex-1 rounded-t-sm"
                style={{ height: `${Math.max(1, (bucket.count / most) * 100)}%`, background: colorOf(bucket.to, data) }}
                title={
                  `${formatLatency(bucket.from)} – ${formatLatency(bucket.to)}: ` +
                  `${formatCount(bucket.count)} requests, ${formatRate(bucket.count / data.count)}`
                }
              />
            ))}
          </div>
          <figcaption className="mt-2 flex flex-wrap justify-between gap-x-3 text-xs text-ink-soft">
            <span className="max-sm:hidden">{formatLatency(data.buckets[0]?.from ?? 0)}</span>
            {([['p50', data.p50_latency], ['p95', data.p95_latency], ['p99', data.p99_latency]] as const).map(([name, value]) => (
              <span key={name} className="flex items-center gap-1.5">
                <span aria-hidden="true" className="size-2 rounded-full" style={{ background: `var(--chart-${name})` }} />
                {name} <strong className="text-ink">{formatLatency(value)}</strong>
              </span>
            ))}
            <span className="max-sm:hidden">{formatLatency(data.max_latency)}</span>
          </figcaption>
        </figure>
      )}
    </Card>
  );
}

const inWords = (data: Distribution) =>
  `p50 ${formatLatency(data.p50_latency)}, p95 ${formatLatency(data.p95_latency)}, p99 ${formatLatency(data.p99_latency)}, ` +
  `longest ${formatLatency(data.max_latency)}`;

/** Which percentile a latency is up to. */
const colorOf = (latency: number, { p50_latency, p95_latency }: { p50_latency: number; p95_latency: number }) =>
  latency <= p50_latency ? 'var(--chart-p50)' : latency <= p95_latency ? 'var(--chart-p95)' : 'var(--chart-p99)';
