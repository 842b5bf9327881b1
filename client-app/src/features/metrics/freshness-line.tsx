import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { formatCount } from '../../shared/format';
import { Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import type { Filters } from '../../shared/filters/filters';
import { freshness } from './queries';
import { useLinkTo } from '../../shared/filters/use-filters';

interface Props {
  filters: Filters;
  /** Why the last poll failed; null when it did not. */
  error: Error | null;
  /** When the last successful poll was. */
  updatedAt: number;
  onLive: () => void;
}

/** How live the view is, and what is missing from it. */
export function FreshnessLine({ filters, error, updatedAt, onLive }: Props) {
  const { data } = useQuery(freshness(filters));
  const time = useTime();
  const link = useLinkTo();
  const losses = [
    ...(data && data.rejected > 0 ? [`${formatCount(data.rejected)} refused`] : []),
    ...(data && data.dropped > 0 ? [`${formatCount(data.dropped)} dropped by senders`] : []),
  ];
  return (
    <>
      {error && (
        <Paused>Live updates paused: {error.message}. What is shown is as of {time.clock(updatedAt)}; trying again.</Paused>
      )}
      <div
        className="flex flex-wrap items-center gap-x-3 text-xs text-ink-soft"
        data-freshness={error ? 'paused' : filters.range.kind === 'last' ? 'live' : 'fixed'}
      >
        {!error && (filters.range.kind === 'last' ? (
          <span className="flex items-center gap-1.5">
            <span aria-hidden="true" className="size-2 rounded-full bg-good" />
            Live, {((data?.behind_ms ?? 0) / 1000).toFixed(1)} s behind
          </span>
        ) : (
          <span>
            A fixed range. <button type="button" className="underline hover:text-ink" onClick={onLive}>Back to live</button>
          </span>
        ))}
        {losses.length > 0 && (
          <Link
            className="text-warn underline decoration-dotted hover:text-ink"
            title={data?.last_error ?? undefined}
            to={link('/dashboard/losses', { endpoint: null, selection: null })}
          >
            ⚠ Missing from this range: {losses.join(', ')}
            {data?.last_error && <span className="max-sm:hidden">{` (last: ${data.last_error})`}</span>}
          </Link>
        )}
      </div>
    </>
  );
}
