import { STATUSES } from './queries';

const dots: Record<string, string> = {
  queued: 'bg-accent',
  scheduled: 'border border-ink-soft',
  running: 'bg-accent animate-pulse',
  failed: 'bg-warn',
  succeeded: 'bg-good',
  dead: 'bg-bad',
  cancelled: 'bg-ink-soft',
};

const says: Record<string, string> = { failed: 'Failed, tries again' };

export const statusName = (status: string) => says[status] ?? `${status.charAt(0).toUpperCase()}${status.slice(1)}`;

export const statusChoices = [['', 'All statuses'], ...STATUSES.map((status) => [status, statusName(status)] as const)] as const;

export function Status({ status }: { status: string }) {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <span aria-hidden="true" className={`size-2 rounded-full ${dots[status] ?? 'bg-line'}`} />
      {statusName(status)}
    </span>
  );
}

/** How far a job is. */
export function Progress({ value, note }: { value: number | null; note: string | null }) {
  return (
    <div className="min-w-28">
      <div
        role="progressbar"
        aria-label={note ?? 'Progress'}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={value === null ? undefined : Math.round(value * 100)}
        className="h-1.5 overflow-hidden rounded-full bg-line"
      >
        <div
          className={`h-full rounded-full bg-accent ${value === null ? 'w-1/4 animate-pulse' : ''}`}
          style={value === null ? {} : { width: `${value * 100}%` }}
        />
      </div>
      <p className="mt-0.5 text-xs text-ink-soft">{value === null ? 'running' : `${Math.round(value * 100)} %`}{note && ` · ${note}`}</p>
    </div>
  );
}
