import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/card';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatCount, formatLatency } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { resolve, seriesQuery, type Filters } from '../../shared/filters/filters';
import { heatmap } from './queries';

const HEIGHT = 160;

/** Latencies over time: a column a bucket, a row a latency, the darker the more requests. */
export function HeatmapCard({ filters }: { filters: Filters }) {
  const { data, error } = useQuery(heatmap(filters));
  const time = useTime();
  const range = resolve(filters.range);
  const columns = Math.max(1, Math.ceil((range.end - range.start) / range.step));
  const rows = Math.max(0, (data?.edges.length ?? 0) - 1);
  const most = Math.max(1, ...(data?.windows.flatMap((window) => window.counts) ?? []));
  const labels = data ? data.edges.filter((_, index) => index % Math.max(1, Math.ceil(rows / 5)) === 0) : [];
  return (
    <Card
      title="Latency over time"
      note="the darker, the more requests"
      actions={
        <CopyMenu
          of="Latency over time"
          curl={() => curlOf('/metrics/heatmap', { ...seriesQuery(filters), start_date: range.start, end_date: range.end, window_size: range.step / 1000 })}
          csv={() =>
            csvOf(
              ['time', ...(data?.edges.slice(0, -1).map((edge) => `from ${edge} ms`) ?? [])],
              (data?.windows ?? []).map((window) => [window.window_start, ...window.counts]),
            )
          }
        />
      }
    >
      {!data ? (error ? <Failed what="The heat map" error={error} /> : <Loading what="heat map" />) : rows === 0 ? <Empty>No requests in this range.</Empty> : (
        <figure className="pt-2" aria-label={`Latencies from ${formatLatency(data.edges[0] ?? 0)} to ${formatLatency(data.edges.at(-1) ?? 0)} over time`}>
          <div className="flex gap-2">
            <div aria-hidden="true" className="relative w-14 text-right text-[11px] text-ink-soft" style={{ height: HEIGHT }}>
              {labels.map((edge) => (
                <span
                  key={edge}
                  className="absolute right-0 -translate-y-1/2"
                  style={{ bottom: `${(data.edges.indexOf(edge) / rows) * 100}%`, transform: 'translateY(50%)' }}
                >
                  {formatLatency(edge)}
                </span>
              ))}
            </div>
            <svg
              viewBox={`0 0 ${columns} ${rows}`}
              preserveAspectRatio="none"
              className="min-w-0 flex-1 rounded bg-surface"
              style={{ height: HEIGHT }}
              aria-hidden="true"
              shapeRendering="crispEdges"
            >
              {data.windows.flatMap((window) => {
                const at = Date.parse(window.window_start);
                const x = (at - range.start) / range.step;
                return window.counts.map((count, row) => count === 0 ? null : (
                  <rect
                    key={`${at} ${row}`}
                    x={x}
                    y={rows - 1 - row}
                    width={1}
                    height={1}
                    fill="var(--heat)"
                    fillOpacity={0.12 + 0.88 * Math.sqrt(count / most)}
                  >
                    <title>{`${time.full(at)}, ${between(data.edges, row)}: ${formatCount(count)} requests`}</title>
                  </rect>
                ));
              })}
            </svg>
          </div>
          <figcaption className="mt-1 flex justify-between pl-16 text-[11px] text-ink-soft">
            <span>{time.full(range.start)}</span>
            <span>{time.full(range.end)}</span>
          </figcaption>
        </figure>
      )}
    </Card>
  );
}

const between = (edges: number[], row: number) => `${formatLatency(edges[row] ?? 0)} – ${formatLatency(edges[row + 1] ?? 0)}`;
