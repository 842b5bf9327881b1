import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { getJson, type Query } from '../../shared/api';
import { serverNow } from '../../shared/clock';
import { csvOf, curlOf } from '../../shared/copy';
import { formatExactly, formatLatency } from '../../shared/format';
import { useLinkTo } from '../../shared/filters/use-filters';
import { Failed, Loading } from '../../shared/states';
import { prepareRows } from '../../shared/charts/prepare-rows';
import { TimeChart } from '../../shared/charts/time-chart';
import type { CapturedRequest } from './queries';

const AROUND_MS = 30 * 60_000;
const MINUTE_MS = 60_000;

const series = [
  { key: 'p50', name: 'p50', color: 'var(--chart-p50)', of: (point: { p50_latency: number }) => point.p50_latency },
  { key: 'p99', name: 'p99', color: 'var(--chart-p99)', of: (point: { p99_latency: number }) => point.p99_latency },
];

/** How its endpoint did around a request, with the moment marked. */
export function EndpointChart({ request }: { request: CapturedRequest }) {
  const navigate = useNavigate();
  const linkTo = useLinkTo();
  const at = Date.parse(request.timestamp);
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const range = { start: minute - AROUND_MS, end: minute + AROUND_MS, step: MINUTE_MS, live: false };
  const query: Query = { service: request.service, endpoint: request.endpoint, start_date: range.start, end_date: range.end, window_size: 60 };
  const { data, error } = useQuery({
    queryKey: ['replay', 'endpoint', request.service, request.endpoint, minute],
    queryFn: async ({ signal }) => (await getJson('/metrics/aggregate', query, signal)).data,
  });
  if (!data) return error ? <Failed what="Its endpoint’s figures" error={error} /> : <Loading what="its endpoint’s figures" />;
  if (data.length === 0) return null;
  const rows = prepareRows(data, range, serverNow(), series);
  const show = (span: { from: number; to: number } | null) => {
    if (!span) return;
    void navigate(linkTo('/dashboard/metrics', {
      service: request.service, endpoint: request.endpoint, range: { kind: 'custom', ...span }, selection: null, method: null, status: null, country: null,
    }));
  };
  return (
    <TimeChart
      title="Latency of its endpoint"
      note="half an hour before and after; the mark is this request"
      kind="lines"
      height="h-40"
      rows={rows}
      series={series}
      formatValue={formatLatency}
      formatExact={formatExactly.latency}
      frame={{
        range,
        marks: [{ key: request.id, at, label: 'this', says: `This request took ${formatLatency(request.duration)}` }],
        selection: { from: minute, to: minute + MINUTE_MS },
        onZoom: show,
        onSelect: show,
      }}
      copy={{
        curl: () => curlOf('/metrics/aggregate', query),
        csv: () => csvOf(['time', 'p50', 'p99'], rows.map((row) => [new Date(row.at).toISOString(), row.values.p50 ?? null, row.values.p99 ?? null])),
      }}
    />
  );
}
