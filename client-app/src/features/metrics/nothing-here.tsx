import { useTime } from '../../shared/time';
import type { KnownService } from './figures';
import { resolve, type Filters } from '../../shared/filters/filters';

interface Props {
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
}

const HALF_HOUR_MS = 1_800_000;

/** Why a view is empty, and the way out of it. */
export function NothingHere({ filters, services, onChange }: Props) {
  const time = useTime();
  const known = services.find((service) => service.service === filters.service);
  const lastSeen = known ? Date.parse(known.last_seen) : null;
  const isNarrowed = filters.method !== null || filters.status !== null || filters.country !== null;
  const { start, end } = resolve(filters.range);
  const isElsewhere = known !== undefined && (Date.parse(known.last_seen) <= start || Date.parse(known.first_seen) >= end);
  return (
    <div role="status" className="flex flex-wrap items-center justify-center gap-3 rounded-lg border border-dashed border-line px-4 py-6 text-sm text-ink-soft">
      <span>{filters.service !== null && !known ? `No service named ${filters.service} has reported yet.` : 'No requests in this range.'}</span>
      {isNarrowed && (
        <button
          type="button"
          className="button"
          onClick={() => {
            onChange({ method: null, status: null, country: null });
          }}
        >
          Drop the filters
        </button>
      )}
      {lastSeen !== null && isElsewhere && (
        <button type="button" className="button" onClick={() => { onChange({ range: { kind: 'custom', from: lastSeen - HALF_HOUR_MS, to: lastSeen } }); }}>
          Go to the last requests, {time.full(lastSeen)}
        </button>
      )}
      {filters.range.kind === 'last' && filters.range.name !== '7d' && (
        <button
          type="button"
          className="button"
          onClick={() => {
            onChange({ range: { kind: 'last', name: '7d' } });
          }}
        >
          Show 7 days
        </button>
      )}
    </div>
  );
}
