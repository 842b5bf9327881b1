import { useRef, useState, type PointerEvent as ReactPointerEvent } from 'react';
import { formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import type { SpanRow } from './waterfall';

interface Props {
  rows: readonly SpanRow[];
  range: { start: number; end: number };
  onOpen: (row: SpanRow) => void;
  onSelect: (area: { from: number; to: number; longer: number; shorter: number }) => void;
}

interface Corner {
  x: number;
  y: number;
}

const HEIGHT = 140;
const WIDTH = 1_000;
const NEAR_PX = 8;
const LEAST_DRAG = 6;

/** Spans by when they began and how long they took, the latter in powers of ten. A drag selects a part of both, a click opens the nearest. */
export function DurationScatter({ rows, range, onOpen, onSelect }: Props) {
  const time = useTime();
  const box = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<{ from: Corner; to: Corner } | null>(null);
  const dragging = useRef<{ from: Corner; to: Corner } | null>(null);
  const durations = rows.map(({ duration }) => Math.max(duration, 0.001));
  const low = Math.floor(Math.log10(durations.reduce((least, ms) => Math.min(least, ms), Infinity)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(durations.reduce((most, ms) => Math.max(most, ms), 0))));
  const span = Math.max(1, range.end - range.start);
  const placeOf = (row: SpanRow): Corner => ({
    x: ((Date.parse(row.timestamp) - range.start) / span) * WIDTH,
    y: HEIGHT - ((Math.log10(Math.max(row.duration, 0.001)) - low) / (high - low)) * HEIGHT,
  });
  const cornerAt = (event: { clientX: number; clientY: number }): Corner => {
    const { left, top, width, height } = box.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 1, 1);
    const within = (part: number, most: number) => Math.max(0, Math.min(most, part * most));
    return { x: within((event.clientX - left) / width, WIDTH), y: within((event.clientY - top) / height, HEIGHT) };
  };
  const finish = ({ from, to }: { from: Corner; to: Corner }) => {
    const scale = WIDTH / (box.current?.getBoundingClientRect().width ?? WIDTH);
    if (Math.abs(from.x - to.x) < LEAST_DRAG * scale && Math.abs(from.y - to.y) < LEAST_DRAG) {
      let nearest: SpanRow | null = null;
      let distance = NEAR_PX;
      for (const row of rows) {
        const { x, y } = placeOf(row);
        const away = Math.hypot((x - to.x) / scale, y - to.y);
        if (away < distance) [nearest, distance] = [row, away];
      }
      if (nearest) onOpen(nearest);
      return;
    }
    const timeAt = (x: number) => range.start + (x / WIDTH) * span;
    const latencyAt = (y: number) => 10 ** (low + ((HEIGHT - y) / HEIGHT) * (high - low));
    onSelect({
      from: timeAt(Math.min(from.x, to.x)), to: timeAt(Math.max(from.x, to.x)), longer: latencyAt(Math.max(from.y, to.y)),
      shorter: latencyAt(Math.min(from.y, to.y)),
    });
  };
  const dragTo = (next: { from: Corner; to: Corner } | null) => {
    dragging.current = next;
    setDrag(next);
  };
  const begin = (event: ReactPointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    dragTo({ from: cornerAt(event), to: cornerAt(event) });
    const stop = new AbortController();
    const end = (ended: { from: Corner; to: Corner } | null) => {
      stop.abort();
      dragTo(null);
      if (ended) finish(ended);
    };
    window.addEventListener('pointermove', (moved) => {
      if (dragging.current) dragTo({ ...dragging.current, to: cornerAt(moved) });
    }, { signal: stop.signal });
    window.addEventListener('pointerup', () => { end(dragging.current); }, { signal: stop.signal });
    window.addEventListener('pointercancel', () => { end(null); }, { signal: stop.signal });
  };
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return (
    <figure aria-label={`Durations of ${rows.length} spans; the list below has the same`} className="rounded-lg border border-line bg-card p-3">
      <div className="flex gap-2">
        <div aria-hidden="true" className="relative w-14 shrink-0 text-right text-[11px] text-ink-soft" style={{ height: HEIGHT }}>
          {powers.map((power) => (
            <span key={power} className="absolute right-0" style={{ bottom: `${((power - low) / (high - low)) * 100}%`, transform: 'translateY(50%)' }}>
              {formatLatency(10 ** power)}
            </span>
          ))}
        </div>
        <svg
          ref={box}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          className="min-w-0 flex-1 cursor-crosshair touch-pan-y rounded bg-surface select-none"
          style={{ height: HEIGHT }}
          aria-hidden="true"
          onPointerDown={begin}
        >
          {powers.map((power) => {
            const y = HEIGHT - ((power - low) / (high - low)) * HEIGHT;
            return <line key={power} x1={0} x2={WIDTH} y1={y} y2={y} stroke="var(--line)" vectorEffect="non-scaling-stroke" />;
          })}
          {rows.map((row) => {
            const { x, y } = placeOf(row);
            // A line of no length with round ends is a dot whatever the picture is stretched to.
            return (
              <line
                key={row.id}
                x1={x}
                x2={x}
                y1={y}
                y2={y}
                stroke={row.status === 'error' ? 'var(--bad)' : 'var(--chart-out)'}
                strokeOpacity={row.status === 'error' ? 0.9 : 0.45}
                strokeWidth={6}
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
              />
            );
          })}
          {drag && (
            <rect
              x={Math.min(drag.from.x, drag.to.x)}
              y={Math.min(drag.from.y, drag.to.y)}
              width={Math.abs(drag.from.x - drag.to.x)}
              height={Math.abs(drag.from.y - drag.to.y)}
              fill="var(--accent)"
              fillOpacity={0.2}
              stroke="var(--accent)"
              vectorEffect="non-scaling-stroke"
            />
          )}
        </svg>
      </div>
      <figcaption className="mt-1 flex justify-between pl-16 text-[11px] text-ink-soft">
        <span>{time.full(range.start)}</span>
        <span>drag to select</span>
        <span>{time.full(range.end)}</span>
      </figcaption>
    </figure>
  );
}
