import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatTime } from '../../shared/format';
import type { ChartPoint } from './prepare-series';

export interface Series {
  key: Exclude<keyof ChartPoint, 'at'>;
  name: string;
  color: string;
}

interface Props {
  title: string;
  points: ChartPoint[];
  series: readonly Series[];
  formatValue: (value: number) => string;
}

export function TimeSeriesChart({ title, points, series, formatValue }: Props) {
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-card p-4" aria-label={title}>
      <figcaption className="mb-3 text-sm font-medium text-ink-soft">{title}</figcaption>
      <div className="h-64">
        <ResponsiveContainer>
          <LineChart data={points} margin={{ top: 4, right: 8, bottom: 0, left: 0 }} accessibilityLayer>
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis dataKey="at" tickFormatter={formatTime} minTickGap={40} stroke="var(--ink-soft)" fontSize={12} tickLine={false} />
            <YAxis tickFormatter={formatValue} width={64} stroke="var(--ink-soft)" fontSize={12} tickLine={false} axisLine={false} domain={[0, 'auto']} />
            <Tooltip
              labelFormatter={(at) => formatTime(Number(at))}
              formatter={(value, name) => [formatValue(Number(value)), name]}
              contentStyle={{ background: 'var(--card)', border: '1px solid var(--line)', borderRadius: 6, color: 'var(--ink)' }}
            />
            {series.length > 1 && <Legend iconType="plainline" wrapperStyle={{ fontSize: 12 }} />}
            {series.map(({ key, name, color }) => (
              <Line
                key={key}
                dataKey={key}
                name={name}
                stroke={color}
                strokeWidth={2}
                type="linear"
                // A point alone between two gaps would be no line at all.
                dot={{ r: 2, fill: color, strokeWidth: 0 }}
                connectNulls={false}
                isAnimationActive={false}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
