import { useQuery } from '@tanstack/react-query';
import { formatLatency, formatTimeDelta } from '../../shared/format';
import { serviceColor } from './colors';
import { work } from './queries';

const SHOWN = 6;
const LEAST = 0.05; // of what it took before: less is chance

interface Props {
  service: string | null;
  endpoint: string | null;
  span: { from: number; to: number };
  /** Start of what it is set beside; null for the time just before. */
  beside: number | null;
}

/** Spans (database, outgoing call) whose time in a trace grew. Nothing where no traces came. */
export function SpanChanges({ service, endpoint, span, beside }: Props) {
  const { data } = useQuery(work(service, endpoint, span.from, span.to, beside));
  const grown = data?.spans.filter(({ delta, previous }) => delta > previous * LEAST).slice(0, SHOWN) ?? [];
  if (!data || data.traces === 0 || data.previous_traces === 0 || grown.length === 0) return null;
  return (
    <section aria-label="Spans that take longer" className="min-w-0">
      <h3 className="mb-1 px-2 text-xs font-medium text-ink-soft">Spans that take longer in a trace</h3>
      <ol className="flex flex-col gap-0.5 text-xs">
        {grown.map(({ service: of, name, kind, value, previous, delta }) => (
          <li key={`${of} ${name} ${kind}`} className="flex items-baseline gap-3 px-2 py-1">
            <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ background: serviceColor(of) }} />
            <span className="min-w-0 flex-1 truncate" title={`${of}: ${name}`}>{of}: <span className="font-mono">{name}</span></span>
            <span className="shrink-0 text-ink-soft">{formatLatency(previous)} → {formatLatency(value)}</span>
            <span className="w-20 shrink-0 text-right text-bad">{formatTimeDelta(delta)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
