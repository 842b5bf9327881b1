import { useQuery } from '@tanstack/react-query';
import { Card } from '../../shared/card';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatChange, formatCount } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { resolve } from '../../shared/filters/filters';
import { Sparkline } from '../../shared/charts/sparkline';
import { levelColor } from './levels';
import { patterns } from './lines';
import { logQuery, type LogFilters } from './log-filters';

interface Props {
  filters: LogFilters;
  /** Shows the lines of a pattern. */
  onPick: (pattern: number) => void;
}

const MOST = 200;

/** What lines have in common, by how many there are in the range. */
export function PatternsView({ filters, onPick }: Props) {
  const time = useTime();
  const range = resolve(filters.range);
  // By whole minutes, so that the question stays the same for as long.
  const query = { ...logQuery(filters), start_date: range.start, end_date: range.live ? Math.ceil(range.end / 60_000) * 60_000 : range.end };
  const { data: answer, error } = useQuery(patterns(query, 'count', MOST));
  if (!answer) return error ? <Failed what="The patterns" error={error} /> : <Loading what="patterns" />;
  const { data, metadata } = answer;
  return (
    <Card
      title="Patterns"
      note={`${formatCount(metadata.total)} in this range${metadata.total > MOST ? `, of which the ${MOST} most frequent` : ''}`}
      actions={
        <CopyMenu
          of="Patterns"
          curl={() => curlOf('/logs/patterns', query)}
          csv={() =>
            csvOf(
              ['pattern', 'template', 'level', 'source', 'lines', 'lines before', 'first seen', 'last seen'],
              data.map((row) => [row.pattern_id, row.template, row.level, row.source, row.range_count, row.previous_count, row.first_seen, row.last_seen]),
            )
          }
        />
      }
    >
      {data.length === 0 ? <Empty>No line in this range.</Empty> : (
        <table className="w-full table-fixed text-xs">
          <thead>
            <tr className="text-left text-ink-soft">
              <th scope="col" className="w-16 py-1 text-right font-medium sm:w-24">Lines</th>
              <th scope="col" className="w-20 py-1 text-right font-medium max-sm:hidden">Change</th>
              <th scope="col" className="w-28 py-1 pl-4 font-medium max-sm:hidden">Over time</th>
              <th scope="col" className="py-1 pl-4 font-medium">Pattern</th>
              <th scope="col" className="w-24 py-1 font-medium max-sm:hidden">Source</th>
              <th scope="col" className="w-32 py-1 font-medium max-lg:hidden">First seen</th>
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.pattern_id} className="border-t border-line">
                <td className="py-1 text-right font-medium">{formatCount(row.range_count)}</td>
                <td className="py-1 text-right text-ink-soft max-sm:hidden">
                  {row.previous_count === 0 ? '' : formatChange(row.range_count / row.previous_count - 1)}
                </td>
                <td className="py-1 pl-4 max-sm:hidden"><Sparkline values={row.trend} color={levelColor[row.level]} /></td>
                <td className="py-1 pl-4">
                  <button
                    type="button"
                    onClick={() => {
                      onPick(row.pattern_id);
                    }}
                    title={row.template}
                    className="flex w-full cursor-pointer items-baseline gap-2 text-left hover:underline"
                  >
                    {row.is_new && <span className="shrink-0 rounded bg-accent px-1 text-[10px] font-semibold text-card">new</span>}
                    <span className="line-clamp-2 min-w-0 font-mono wrap-anywhere">{row.title}</span>
                  </button>
                </td>
                <td className="truncate py-1 text-ink-soft max-sm:hidden" title={row.source}>{row.source}</td>
                <td className="py-1 whitespace-nowrap text-ink-soft max-lg:hidden">{time.full(Date.parse(row.first_seen))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
