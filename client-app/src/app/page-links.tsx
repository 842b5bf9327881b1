import { BookOpen, type LucideIcon } from 'lucide-react';
import { NavLink } from 'react-router';
import { JobsBadge } from '../features/jobs/jobs-badge';
import { useLinkTo } from '../shared/filters/use-filters';
import { groups, pages } from '../shared/pages';
import { icons } from './icons';

const look =
  'flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm text-ink-soft hover:bg-card hover:text-ink '
  + 'aria-[current=page]:bg-card aria-[current=page]:font-semibold aria-[current=page]:text-ink';

interface Props {
  /** Only the icons are shown. */
  isFolded?: boolean;
  /** These pages are left out, as they are led to elsewhere. */
  without?: readonly string[];
}

/** The pages by what they are for. */
export function PageLinks({ isFolded = false, without = [] }: Props) {
  const linkTo = useLinkTo();
  return groups.map((group) => {
    const shown = pages.filter((page) => page.group === group && !without.includes(page.path));
    return shown.length > 0 && (
      <section key={group} aria-label={group} className="flex flex-col gap-0.5">
        {!isFolded && <h2 className="px-2 pb-1 text-[11px] font-semibold tracking-wide text-ink-soft uppercase">{group}</h2>}
        {shown.map(({ path, name, title }) => (
          <NavLink
            key={path}
            to={linkTo(path, { endpoint: null, selection: null })}
            end
            className={look}
            aria-label={isFolded ? name : undefined}
            title={isFolded ? title : undefined}
          >
            <Labelled icon={icons[path]} name={name} isFolded={isFolded} />
            {path === '/dashboard/worker' && !isFolded && <JobsBadge />}
          </NavLink>
        ))}
        {group === 'Run' && (
          <a href="/reference" className={look} aria-label={isFolded ? 'API' : undefined} title="API reference">
            <Labelled icon={BookOpen} name="API" isFolded={isFolded} />
          </a>
        )}
      </section>
    );
  });
}

function Labelled({ icon: Icon, name, isFolded }: { icon: LucideIcon; name: string; isFolded: boolean }) {
  return <><Icon className="size-4 shrink-0" aria-hidden="true" />{!isFolded && name}</>;
}
