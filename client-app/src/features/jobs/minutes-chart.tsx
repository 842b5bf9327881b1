import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatCompact, formatCount, formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import { everyMinute } from './every-minute';
import type { Stats } from './queries';

const series = [
  ['succeeded', 'Succeeded', 'var(--status-2xx)'],
  ['failed', 'Failed, tried again', 'var(--status-4xx)'],
  ['dead', 'Dead', 'var(--status-5xx)'],
  ['cancelled', 'Cancelled', 'var(--status-1xx)'],
] as const;

const AXIS = { stroke: 'var(--ink-soft)', fontSize: 11, tickLine: false } as const;

/** What was done by minute. */
export function MinutesChart({ minutes, now }: { minutes: Stats['minutes']; now: number }) {
  const time = useTime();
  const rows = everyMinute(minutes, now);
  const shown = series.filter(([key]) => rows.some((row) => row[key] > 0));
  return (
    <figure aria-label="Jobs that ended, by minute" className="flex h-48 w-full flex-col">
      <ul className="mb-1 flex flex-wrap gap-x-4 text-xs text-ink-soft">
        {shown.map(([key, name, color]) => (
          <li key={key}><span aria-hidden="true" className="mr-1.5 inline-block size-2 rounded-full" style={{ background: color }} />{name}</li>
        ))}
      </ul>
      <ResponsiveContainer className="min-h-0 flex-1">
        <BarChart data={rows} margin={{ top: 4, right: 8, bottom: 0, left: 0 }} barCategoryGap="15%" accessibilityLayer title="Jobs by minute">
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis dataKey="at" tickFormatter={(at: number) => time.axis(at, 3_600_000)} minTickGap={50} {...AXIS} />
          <YAxis tickFormatter={formatCompact} width={48} allowDecimals={false} axisLine={false} {...AXIS} />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: 'var(--ink)', fillOpacity: 0.06 }}
            content={({ active, label }) => {
              const row = active ? rows.find(({ at }) => at === Number(label)) : undefined;
              return row ? (
                <div className="rounded-md border border-line bg-card px-3 py-2 text-xs shadow-lg">
                  <p className="font-semibold">{time.full(row.at)}</p>
                  {series.filter(([key]) => row[key] > 0).map(([key, name]) => <p key={key}>{name}: {formatCount(row[key])}</p>)}
                  {row.known && <p className="text-ink-soft">waited {formatLatency(row.wait)}, ran {formatLatency(row.run)} on average</p>}
                </div>
              ) : null;
            }}
          />
          {shown.map(([key, , color]) => <Bar key={key} dataKey={key} stackId="all" fill={color} isAnimationActive={false} />)}
        </BarChart>
      </ResponsiveContainer>
    </figure>
  );
}
