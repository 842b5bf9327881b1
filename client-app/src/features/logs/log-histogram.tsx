import { useQuery } from '@tanstack/react-query';
import { serverNow } from '../../shared/clock';
import { csvOf, curlOf } from '../../shared/copy';
import { formatCompact, formatExactly, formatLength } from '../../shared/format';
import { Failed, Loading } from '../../shared/states';
import { prepareRows } from '../../shared/charts/prepare-rows';
import { TimeChart } from '../../shared/charts/time-chart';
import { levelSeries } from './levels';
import { histogram, histogramQuery } from './lines';
import type { LogFilters } from './log-filters';

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

/** How many lines there are over time; a drag, or a click on a bar, shows only those. */
export function LogHistogram({ filters, onChange }: Props) {
  const { data, error } = useQuery(histogram(filters));
  if (!data) return error ? <Failed what="The histogram" error={error} /> : <Loading what="the histogram" />;
  const { range, data: buckets, metadata } = data;
  const rows = prepareRows(buckets, range, serverNow(), levelSeries);
  return (
    <TimeChart
      title="Lines"
      note={`${formatExactly.lines(metadata.total)}, per ${formatLength(range.step)}`}
      kind="bars"
      height="h-32"
      rows={rows}
      series={levelSeries}
      formatValue={formatCompact}
      formatExact={formatExactly.lines}
      frame={{
        range, marks: [], selection: null,
        onZoom: (span) => { onChange({ range: { kind: 'custom', ...span } }); },
        onSelect: (span) => { if (span) onChange({ range: { kind: 'custom', ...span } }); },
      }}
      copy={{
        curl: () => curlOf('/logs/histogram', histogramQuery(filters)),
        csv: () =>
          csvOf(
            ['time', ...levelSeries.map(({ key }) => key)],
            rows.map((row) => [new Date(row.at).toISOString(), ...levelSeries.map(({ key }) => row.values[key] ?? 0)]),
          ),
      }}
    />
  );
}
