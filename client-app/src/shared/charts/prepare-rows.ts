import type { Schemas } from '../api';
import { floorTo, type Resolved } from '../filters/filters';

/** What a chart draws of each bucket. */
export interface Series<Point = Schemas['AggregatePoint']> {
  key: string;
  name: string;
  color: string;
  /** Null where there is nothing to draw. */
  of: (point: Point) => number | null;
}

/** A series without what it is of. */
export type Drawn = Pick<Series, 'key' | 'name' | 'color'>;

/** One bucket, with a value for each series; a missing bucket is a gap, not a zero. */
export interface ChartRow {
  at: number;
  /** Its time is not over, so its figures still grow. */
  incomplete: boolean;
  values: Record<string, number | null>;
  /** What is drawn solid. */
  solid: Record<string, number | null>;
  /** What is drawn as unfinished: the incomplete bucket, and for a line also the one it begins at. */
  open: Record<string, number | null>;
  /** Of the range that this one is set beside. */
  compared: number | null;
}

interface Compared<Point> {
  points: Point[];
  of: (point: Point) => number | null;
}

/** A row for every bucket of the range. */
export function prepareRows<Point extends { window_start: string }>(
  points: Point[],
  range: Resolved,
  now: number,
  series: readonly Series<Point>[],
  compared?: Compared<Point>,
): ChartRow[] {
  const byStart = new Map(points.map((point) => [Date.parse(point.window_start), point]));
  const others = new Map(compared?.points.map((point) => [Date.parse(point.window_start), point]));
  const isIncomplete = (at: number) => at + range.step > now;
  const rows: ChartRow[] = [];
  for (let at = range.start; at < range.end; at += range.step) {
    const point = byStart.get(at);
    const other = others.get(at);
    const values = Object.fromEntries(series.map(({ key, of }) => [key, point ? of(point) : null]));
    const incomplete = isIncomplete(at);
    rows.push({
      at,
      incomplete,
      values,
      solid: incomplete ? {} : values,
      open: incomplete || isIncomplete(at + range.step) ? values : {},
      compared: other && compared ? compared.of(other) : null,
    });
  }
  return rows;
}

const MINUTE = 60_000;
const TICK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE);

/** At most so many buckets to write a time under: full hours, quarters and the like, on the reader's clock. */
export function niceTicks(rows: ChartRow[], most: number, offset: (at: number) => number): number[] {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return [];
  const span = last.at - first.at;
  const step = TICK_STEPS.find((length) => span / length <= most) ?? floorTo(span / most, 1_440 * MINUTE) + 1_440 * MINUTE;
  return rows.map((row) => row.at).filter((at) => (at - offset(at)) % step === 0);
}

/** Something that happened at a moment, as a line across a chart. */
export interface Mark {
  key: number;
  at: number;
  /** On the line. */
  label: string;
  /** In the tooltip. */
  says: string;
}

/** Marks by the bucket they fall into. */
export function marksByBucket(marks: Mark[], rows: ChartRow[], step: number): Map<number, Mark[]> {
  const known = new Set(rows.map((row) => row.at));
  const byBucket = new Map<number, Mark[]>();
  for (const mark of marks) {
    const at = floorTo(mark.at, step);
    if (known.has(at)) byBucket.set(at, [...(byBucket.get(at) ?? []), mark]);
  }
  return byBucket;
}
