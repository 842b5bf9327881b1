import { Popover } from '../../shared/popover';
import { useTime } from '../../shared/time';
import type { Deploy } from './queries';

/** How many deploys there are in a range, and which; the last one first. */
export function DeployList({ deploys }: { deploys: Deploy[] }) {
  const time = useTime();
  if (deploys.length === 0) return null;
  return (
    <Popover
      name={`▾ ${deploys.length} ${deploys.length === 1 ? 'deploy' : 'deploys'} in this range`}
      align="start"
      className="cursor-pointer text-deploy"
      inside="max-h-60 w-72 p-2 text-xs"
    >
      <ol>
        {deploys.toReversed().map((deploy) => (
          <li key={deploy.id} className="flex justify-between gap-3 px-1 py-0.5">
            <span className="truncate">{deploy.service} {deploy.version}</span>
            <span className="whitespace-nowrap text-ink-soft">{time.full(Date.parse(deploy.time))}</span>
          </li>
        ))}
      </ol>
    </Popover>
  );
}
