import { useRef, useState, type PointerEvent as ReactPointerEvent } from 'react';
import { Bar, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { Card } from '../card';
import { CopyMenu } from '../copy-menu';
import { useTime } from '../time';
import { ChartTooltip } from './chart-tooltip';
import type { Span } from '../filters/filters';
import { marksByBucket, niceTicks, type ChartRow, type Drawn } from './prepare-rows';
import type { ChartProps } from './time-chart';

interface Drag {
  from: number;
  to: number;
}

/** More names than these would lie over each other; the tooltip has them all. */
const MAX_LABELS = 5;

const AXIS = { stroke: 'var(--ink-soft)', fontSize: 11, tickLine: false } as const;

/**
 * See `TimeChart`. A drag zooms, a click selects a bucket, arrow keys and Enter do the same as a click. All charts of a
 * view share the crosshair.
 */
export function DrawnChart({ title, note, height, kind, rows, series, compared, formatValue, topOfZeros = 'auto', formatExact, frame, copy }: ChartProps) {
  const time = useTime();
  const [isHere, setIsHere] = useState(false);
  const [drag, setDrag] = useState<Drag | null>(null);
  // The same at once: a click's two events come faster than a render.
  const dragging = useRef<Drag | null>(null);
  const active = useRef<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const { range, selection } = frame;
  const span = range.end - range.start;
  const markers = marksByBucket(frame.marks, rows, range.step);
  const present = series.filter(({ key }) => rows.some((row) => (row.values[key] ?? 0) > 0));
  const isZero = present.length === 0 && rows.every((row) => (row.compared ?? 0) === 0);
  const shown = present.length > 0 ? present : series.slice(0, 1); // All zero is a line too.
  const ticks = niceTicks(rows, 7, (at) => (time.zone === 'UTC' ? 0 : new Date(at).getTimezoneOffset() * 60_000));
  const bucket = (at: number): Span => ({ from: at, to: at + range.step });

  // By place, not by the chart's own idea of what is hovered: a tap hovers nothing first.
  const bucketAt = (clientX: number): number | null => {
    const grid = box.current?.querySelector('.recharts-cartesian-grid')?.getBoundingClientRect();
    if (!grid || grid.width === 0) return null;
    const index = Math.floor(((clientX - grid.left) / grid.width) * rows.length);
    return rows[Math.max(0, Math.min(rows.length - 1, index))]?.at ?? null;
  };
  const dragTo = (next: Drag | null) => {
    dragging.current = next;
    setDrag(next);
  };
  const finish = (ended: Drag) => {
    const [from, to] = [Math.min(ended.from, ended.to), Math.max(ended.from, ended.to)];
    if (from === to) frame.onSelect(selection?.from === from && selection.to === from + range.step ? null : bucket(from));
    else frame.onZoom({ from, to: to + range.step });
  };
  const begin = (event: ReactPointerEvent) => {
    const at = event.button === 0 ? bucketAt(event.clientX) : null;
    if (at === null) return;
    dragTo({ from: at, to: at });
    // Wherever it ends, on the chart or far beyond its edge.
    const stop = new AbortController();
    const move = (moved: PointerEvent) => {
      const to = bucketAt(moved.clientX);
      if (dragging.current && to !== null && to !== dragging.current.to) dragTo({ ...dragging.current, to });
    };
    const end = (ended: Drag | null) => {
      stop.abort();
      dragTo(null);
      if (ended) finish(ended);
    };
    window.addEventListener('pointermove', move, { signal: stop.signal });
    window.addEventListener('pointerup', () => { end(dragging.current); }, { signal: stop.signal });
    window.addEventListener('pointercancel', () => { end(null); }, { signal: stop.signal }); // A finger that scrolls the page.
  };
  const isPart = selection && (selection.from > range.start || selection.to < range.end) ? selection : null;
  const marked = drag ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) } : isPart ? bucketsOf(isPart, rows, range.step) : null;

  return (
    <Card title={title} note={note} actions={<CopyMenu of={title} {...copy} />}>
      <Legend series={shown} compared={compared} />
      {/* The chart itself is reached by Tab and read by arrow keys; Enter is ours. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        ref={box}
        className={`${height} cursor-crosshair touch-pan-y select-none`}
        onPointerDown={begin}
        onMouseEnter={() => { setIsHere(true); }}
        onMouseLeave={() => { setIsHere(false); }}
        onFocus={() => { setIsHere(true); }}
        onBlur={() => { setIsHere(false); }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && active.current !== null) frame.onSelect(bucket(active.current));
          if (event.key === 'Escape') frame.onSelect(null);
        }}
      >
        <ResponsiveContainer>
          <ComposedChart
            data={rows}
            syncId="metrics"
            margin={{ top: 10, right: 14, bottom: 0, left: 0 }}
            barCategoryGap="12%"
            accessibilityLayer
            title={`${title}: arrow keys read it, Enter explains a bucket`}
          >
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis dataKey="at" scale="band" height={22} ticks={ticks} interval={0} tickFormatter={(at: number) => time.axis(at, span)} {...AXIS} />
            <YAxis
              tickFormatter={formatValue}
              width={70}
              allowDecimals={kind === 'lines'}
              axisLine={false}
              domain={[0, isZero ? topOfZeros : 'auto']}
              {...AXIS}
            />
            <Tooltip
              isAnimationActive={false}
              cursor={{ stroke: 'var(--ink-soft)', strokeDasharray: '3 3', fill: 'var(--ink)', fillOpacity: 0.06 }}
              wrapperStyle={{ zIndex: 30 }}
              content={({ active: isActive, label }) => {
                const row = isActive ? rows.find(({ at }) => at === Number(label)) : undefined;
                active.current = row?.at ?? null;
                return isHere && row ? (
                  <ChartTooltip row={row} step={range.step} series={shown} compared={compared} formatValue={formatExact} marks={markers.get(row.at) ?? []} />
                ) : null;
              }}
            />
            {compared && (
              <Line
                dataKey="compared"
                stroke="var(--ink-soft)"
                strokeDasharray="2 3"
                strokeWidth={1.5}
                dot={false}
                activeDot={false}
                connectNulls={false}
                isAnimationActive={false}
              />
            )}
            {shown.flatMap(({ key, color }) => (kind === 'bars' ? bars(key, color) : lines(key, color)))}
            {[...markers].map(([at, list]) => (
              <ReferenceLine
                key={at}
                x={at}
                stroke="var(--deploy)"
                strokeOpacity={0.5}
                strokeDasharray="4 2"
                label={{
                  value: markers.size > MAX_LABELS ? '▾' : `▾ ${list.at(-1)?.label ?? ''}`,
                  position: markers.size > MAX_LABELS ? 'top' : at > range.start + span * 0.85 ? 'insideTopRight' : 'insideTopLeft',
                  fontSize: 10,
                  fill: 'var(--deploy)',
                }}
              />
            ))}
            {marked && (
              <ReferenceArea
                x1={marked.from}
                x2={marked.to}
                fill="var(--accent)"
                fillOpacity={0.18}
                stroke="var(--accent)"
                strokeOpacity={0.6}
                ifOverflow="hidden"
              />
            )}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </Card>
  );
}

/** The buckets that a span touches; null when it lies elsewhere. */
function bucketsOf(span: Span, rows: ChartRow[], step: number): { from: number; to: number } | null {
  const touched = rows.filter(({ at }) => at + step > span.from && at < span.to);
  const [first, last] = [touched[0], touched.at(-1)];
  return first && last ? { from: first.at, to: last.at } : null;
}

const bars = (key: string, color: string) => [
  <Bar key={key} dataKey={(row: ChartRow) => row.solid[key] ?? null} stackId="all" fill={color} isAnimationActive={false} />,
  <Bar
    key={`${key} open`}
    dataKey={(row: ChartRow) => (row.incomplete ? (row.open[key] ?? null) : null)}
    stackId="all"
    fill={color}
    fillOpacity={0.4}
    stroke={color}
    strokeDasharray="2 2"
    isAnimationActive={false}
  />,
];

const lines = (key: string, color: string) => [
  // A point alone between two gaps would be no line at all.
  <Line
    key={key}
    dataKey={(row: ChartRow) => row.solid[key] ?? null}
    stroke={color}
    strokeWidth={1.75}
    type="linear"
    dot={{ r: 1.25, fill: color, strokeWidth: 0 }}
    activeDot={{ r: 3.5 }}
    connectNulls={false}
    isAnimationActive={false}
  />,
  <Line
    key={`${key} open`}
    dataKey={(row: ChartRow) => row.open[key] ?? null}
    stroke={color}
    strokeWidth={1.75}
    strokeDasharray="3 3"
    type="linear"
    dot={{ r: 1.25, fill: color, strokeWidth: 0 }}
    activeDot={false}
    connectNulls={false}
    isAnimationActive={false}
  />,
];

function Legend({ series, compared }: { series: readonly Drawn[]; compared: string | undefined }) {
  return (
    <ul className="flex min-h-4 flex-wrap gap-x-3 text-xs text-ink-soft">
      {series.map(({ key, name, color }) => (
        <li key={key} className="flex items-center gap-1.5">
          <span aria-hidden="true" className="size-2 rounded-full" style={{ background: color }} />
          {name}
        </li>
      ))}
      {compared && (
        <li className="flex items-center gap-1.5">
          <span aria-hidden="true" className="w-3 border-t-2 border-dotted border-ink-soft" />
          {compared}
        </li>
      )}
    </ul>
  );
}
