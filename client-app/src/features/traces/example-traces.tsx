import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { tracePath } from '../../shared/filters/trace-path';
import { formatLatency } from '../../shared/format';
import { Empty } from '../../shared/states';
import { useTime } from '../../shared/time';
import { outcomeColor } from './colors';
import { examples } from './queries';
import { writeTraceFilters, type TraceFilters } from './trace-filters';

const SHOWN = 5;

interface Props {
  title: string;
  filters: TraceFilters;
}

/** Of the newest spans that fit those that failed, and the slowest: each leads to its trace. */
export function ExampleTraces({ title, filters }: Props) {
  const time = useTime();
  const [query] = useSearchParams();
  const { data, error } = useQuery(examples(filters));
  const worst = data?.toSorted((a, b) => Number(b.status === 'error') - Number(a.status === 'error') || b.duration - a.duration).slice(0, SHOWN);
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="mb-1 flex items-center gap-3 px-2 text-xs font-medium text-ink-soft">
        <span className="flex-1">{title}</span>
        <Link className="button" to={`/dashboard/traces?${writeTraceFilters(new URLSearchParams(), filters)}`}>All of these traces</Link>
      </h3>
      {!worst ? <p role="status" className="px-2 text-sm text-ink-soft">{error ? `They cannot be loaded: ${error.message}.` : 'Loading traces…'}</p>
        : worst.length === 0 ? <Empty>No trace has come of it.</Empty> : (
          <ol className="flex flex-col gap-0.5 text-xs">
            {worst.map((row) => (
              <li key={row.id}>
                <Link to={tracePath(query, row.trace_id, row.span_id) ?? ''} className="flex items-baseline gap-3 rounded px-2 py-1 hover:bg-surface">
                  <time dateTime={row.timestamp} className="shrink-0 text-ink-soft">{time.clock(Date.parse(row.timestamp))}</time>
                  <span className="w-10 shrink-0" style={{ color: outcomeColor[row.status] }}>{row.status_code ?? row.status}</span>
                  <span className="min-w-0 flex-1 truncate font-mono">{row.name}</span>
                  <span className="shrink-0">{formatLatency(row.duration)}</span>
                </Link>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}
