import { useQuery } from '@tanstack/react-query';
import { formatCompact } from '../../shared/format';
import { useMay } from '../access/access';
import { badge } from './queries';

/** How many jobs wait, are to be tried again, and are dead, beside the way to them. */
export function JobsBadge() {
  const may = useMay('read');
  const { data } = useQuery({ ...badge, enabled: may });
  const shown = data
    ? ([['queued', data.queued, 'text-ink-soft'], ['failed', data.failed, 'text-warn'], ['dead', data.dead, 'text-bad']] as const)
        .filter(([, { count }]) => count > 0)
    : [];
  return shown.length > 0 && (
    <span className="ml-auto flex gap-1.5 text-[11px] tabular-nums">
      {shown.map(([name, { count, is_lower_bound }, look]) => (
        <span key={name} className={look} title={`${name} jobs`}>
          {formatCompact(count)}{is_lower_bound && '+'}<span className="sr-only"> {name}</span>
        </span>
      ))}
    </span>
  );
}
