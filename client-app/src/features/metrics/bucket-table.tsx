import { formatBytes, formatCount, formatLatency, formatRate } from '../../shared/format';
import { useTime } from '../../shared/time';
import type { LiveSeries } from './live-series';

/** The charts' figures, exact, newest first; what a screen reader or a search in the page can find. */
export function BucketTable({ live, now, note }: { live: LiveSeries; now: number; note: string | null }) {
  const time = useTime();
  return (
    <div className="max-h-[30rem] overflow-auto rounded-lg border border-line bg-card" tabIndex={0} role="region" aria-label="Figures over time">
      {note !== null && <p className="px-3 pt-2 text-xs text-ink-soft">These figures are {note}.</p>}
      <table className="w-full text-sm">
        <thead className="sticky top-0 bg-card text-left text-xs text-ink-soft">
          <tr className="border-b border-line">
            {['Time', 'Requests', 'Error rate', 'p50', 'p95', 'p99', 'Longest', 'Received', 'Sent'].map((name, index) => (
              <th key={name} scope="col" className={`px-3 py-2 font-medium ${index > 0 ? 'text-right' : ''}`}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...live.points].reverse().map((point) => {
            const at = Date.parse(point.window_start);
            return (
              <tr key={at} className="border-b border-line last:border-0">
                <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                  {time.full(at)} {at + live.step > now && <span className="text-ink-soft">(not over)</span>}
                </th>
                <Cell>{formatCount(point.traffic_count)}</Cell>
                <Cell>{formatRate(point.error_rate)}</Cell>
                <Cell>{formatLatency(point.p50_latency)}</Cell>
                <Cell>{formatLatency(point.p95_latency)}</Cell>
                <Cell>{formatLatency(point.p99_latency)}</Cell>
                <Cell>{formatLatency(point.max_latency)}</Cell>
                <Cell>{formatBytes(point.request_size)}</Cell>
                <Cell>{formatBytes(point.response_size)}</Cell>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const Cell = ({ children }: { children: string }) => <td className="px-3 py-1.5 text-right whitespace-nowrap">{children}</td>;
