import { lazy, Suspense } from 'react';
import { Card } from '../card';
import { Loading } from '../states';
import type { Resolved, Span } from '../filters/filters';
import type { ChartRow, Drawn, Mark } from './prepare-rows';

/** What all charts of a view share. */
export interface Frame {
  range: Resolved;
  marks: Mark[];
  selection: Span | null;
  onZoom: (span: Span) => void;
  onSelect: (span: Span | null) => void;
}

export interface ChartProps {
  title: string;
  note?: string;
  height?: string;
  kind: 'bars' | 'lines';
  rows: ChartRow[];
  series: readonly Drawn[];
  /** Names the line of the range it is set beside; none without. */
  compared?: string | undefined;
  formatValue: (value: number) => string;
  /** Where the axis ends when all is zero; else it would end at a round number, which is none for every unit. */
  topOfZeros?: number | 'auto';
  /** For the tooltip. */
  formatExact: (value: number) => string;
  frame: Frame;
  copy: { curl: () => string; csv: () => string };
}

// Recharts is as large as all else on the first page: it comes beside that, and figures do not wait for it.
const drawn = import('./drawn-chart');
const DrawnChart = lazy(async () => ({ default: (await drawn).DrawnChart }));

/** Figures over time. */
export function TimeChart(props: ChartProps) {
  return (
    <Suspense fallback={<Card title={props.title} note={props.note}><div className={props.height ?? CHART_HEIGHT}><Loading what="the chart" /></div></Card>}>
      <DrawnChart height={CHART_HEIGHT} {...props} />
    </Suspense>
  );
}

const CHART_HEIGHT = 'h-52';
