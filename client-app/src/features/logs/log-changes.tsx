import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { formatDelta } from '../../shared/format';
import { Empty } from '../../shared/states';
import type { Span } from '../../shared/filters/filters';
import { levelColor } from './levels';
import { patterns } from './lines';
import { logsPath } from './use-log-filters';

const SHOWN = 8;

/** The patterns of lines that are new in a span, or of which there are many more than before it. */
export function LogChanges({ service, span }: { service: string | null; span: Span }) {
  const [query] = useSearchParams();
  const { data: answer, error } = useQuery(patterns({ service, start_date: span.from, end_date: span.to }, 'change', SHOWN));
  const more = (answer?.data ?? []).filter((row) => row.range_count > row.previous_count);
  return (
    <section aria-label="Log patterns" className="min-w-0">
      <h3 className="mb-1 px-2 text-xs font-medium text-ink-soft">Log patterns, new ones and those with more lines</h3>
      {error && !answer ? <p role="alert" className="px-2 text-sm text-bad">The log patterns cannot be loaded: {error.message}.</p>
        : more.length === 0 ? <Empty>{answer ? 'None is new or has more lines.' : 'Loading log patterns…'}</Empty> : (
          <ol className="flex flex-col gap-0.5">
            {more.map((row) => (
              <li key={row.pattern_id}>
                <Link
                  to={logsPath(query, { service, pattern: row.pattern_id, range: { kind: 'custom', ...span } })}
                  className="flex items-baseline gap-3 rounded border-l-4 px-2 py-1 text-sm hover:bg-surface"
                  style={{ borderLeftColor: levelColor[row.level] }}
                >
                  {row.is_new && <span className="shrink-0 rounded bg-accent px-1 text-[10px] font-semibold text-card">new</span>}
                  <span className="min-w-0 flex-1 truncate font-mono text-xs" title={row.template}>{row.title}</span>
                  <span className="font-medium whitespace-nowrap">{formatDelta(row.range_count - row.previous_count)}</span>
                </Link>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}
