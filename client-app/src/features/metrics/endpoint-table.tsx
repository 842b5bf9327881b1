import { formatCount, formatLatency, formatRate } from '../../shared/format';
import type { EndpointTotals } from './metric-window';

export function EndpointTable({ rows }: { rows: EndpointTotals[] }) {
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-card">
      <table className="w-full text-sm">
        <caption className="px-4 py-3 text-left font-medium text-ink-soft">Endpoints, last 15 minutes</caption>
        <thead>
          <tr className="border-y border-line text-left text-ink-soft">
            <th scope="col" className="px-4 py-2 font-medium">Endpoint</th>
            <th scope="col" className="px-4 py-2 text-right font-medium">Requests</th>
            <th scope="col" className="px-4 py-2 text-right font-medium">p95</th>
            <th scope="col" className="px-4 py-2 text-right font-medium">Errors</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.endpoint} className="border-b border-line last:border-0">
              <th scope="row" className="max-w-[28rem] truncate px-4 py-2 text-left font-mono font-normal" title={row.endpoint}>
                {row.endpoint}
              </th>
              <td className="px-4 py-2 text-right">{formatCount(row.traffic_count)}</td>
              <td className="px-4 py-2 text-right whitespace-nowrap">{formatLatency(row.p95_latency)}</td>
              <td className={`px-4 py-2 text-right whitespace-nowrap ${row.error_rate > 0 ? 'text-bad' : ''}`}>
                {formatRate(row.error_rate)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
