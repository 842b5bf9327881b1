import { formatLength } from '../format';
import { useTime } from '../time';
import type { ChartRow, Drawn, Mark } from './prepare-rows';

interface Props {
  row: ChartRow;
  step: number;
  series: readonly Drawn[];
  compared: string | undefined;
  formatValue: (value: number) => string;
  marks: Mark[];
}

/** The exact values of one bucket. */
export function ChartTooltip({ row, step, series, compared, formatValue, marks }: Props) {
  const time = useTime();
  const known = series.filter(({ key }) => row.values[key] !== null);
  return (
    <div className="rounded-md border border-line bg-card px-3 py-2 text-xs shadow-lg">
      <p className="font-semibold">
        {time.full(row.at)} <span className="font-normal text-ink-soft">{formatLength(step)}{row.incomplete && ', not over yet'}</span>
      </p>
      {known.length === 0 && <p className="text-ink-soft">No requests</p>}
      <table>
        <tbody>
          {known.map(({ key, name, color }) => (
            <tr key={key}>
              <td className="pr-3">
                <span aria-hidden="true" className="mr-1.5 inline-block size-2 rounded-full" style={{ background: color }} />
                {name}
              </td>
              <td className="text-right font-medium">{formatValue(row.values[key] ?? 0)}</td>
            </tr>
          ))}
          {compared && row.compared !== null && (
            <tr className="text-ink-soft">
              <td className="pr-3">{compared}</td>
              <td className="text-right">{formatValue(row.compared)}</td>
            </tr>
          )}
        </tbody>
      </table>
      {marks.map(({ key, at, says }) => <p key={key} className="text-deploy">▾ {says} {time.clock(at)}</p>)}
    </div>
  );
}
