import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { formatLatency } from '../../shared/format';
import { Empty } from '../../shared/states';
import { useTime } from '../../shared/time';
import { recent } from './queries';
import { replayPath, type ReplayFilters } from './replay-filters';
import { StatusCode } from './status-code';

const SHOWN = 6;

interface Props {
  title: string;
  filters: ReplayFilters;
}

/** The newest captured requests that fit, with a way to the rest. */
export function RecentRequests({ title, filters }: Props) {
  const time = useTime();
  const [query] = useSearchParams();
  const { data, error } = useQuery(recent(filters, SHOWN));
  const all = replayPath(query, filters);
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="mb-1 flex items-center gap-3 px-2 text-xs font-medium text-ink-soft">
        <span className="flex-1">{title}</span><Link className="button" to={all}>All captured requests</Link>
      </h3>
      {!data ? <p role="status" className="px-2 text-sm text-ink-soft">{error ? `They cannot be loaded: ${error.message}.` : 'Loading captured requests…'}</p>
        : data.length === 0 ? <Empty>None was captured.</Empty> : (
          <ol className="flex flex-col gap-0.5 text-xs">
            {data.map((row) => (
              <li key={row.id}>
                <Link to={`${all}&request=${row.id}`} className="flex items-baseline gap-3 rounded px-2 py-1 hover:bg-surface">
                  <time dateTime={row.timestamp} className="shrink-0 text-ink-soft">{time.clock(Date.parse(row.timestamp))}</time>
                  <StatusCode status={row.status_code} />
                  <span className="shrink-0 font-medium">{row.method}</span>
                  <span className="min-w-0 flex-1 truncate font-mono">{row.path}</span>
                  <span className="shrink-0">{formatLatency(row.duration)}</span>
                </Link>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}
