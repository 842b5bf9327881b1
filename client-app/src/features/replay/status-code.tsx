import { statusColor } from './message';

export function StatusCode({ status }: { status: number }) {
  return (
    <span className="inline-flex items-center gap-1 font-medium tabular-nums">
      <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ background: statusColor(status) }} />
      {status}
    </span>
  );
}
