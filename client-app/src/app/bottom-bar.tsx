import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { NavLink } from 'react-router';
import { Who } from '../features/access/who';
import { ProjectSwitch } from '../features/projects/project-switch';
import { useLinkTo } from '../shared/filters/use-filters';
import { pages } from '../shared/pages';
import { Popover } from '../shared/popover';
import { icons } from './icons';
import { PageLinks } from './page-links';
import { GoTo, Preferences } from './preferences';

const FIRST = 3;
const look =
  'flex flex-1 cursor-pointer flex-col items-center gap-0.5 py-1.5 text-[11px] text-ink-soft aria-[current=page]:font-semibold aria-[current=page]:text-ink';

/** The way to every page on a phone, where the thumb is. */
export function BottomBar() {
  const linkTo = useLinkTo();
  const [isOpen, setOpen] = useState(false);
  const first = pages.slice(0, FIRST);
  return (
    <nav aria-label="Pages" className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)]">
      {first.map(({ path, name }) => {
        const Icon = icons[path];
        return (
          <NavLink key={path} to={linkTo(path, { endpoint: null, selection: null })} end className={look}>
            <Icon className="size-5" aria-hidden="true" />{name}
          </NavLink>
        );
      })}
      <Popover
        name={
          <>
            <Ellipsis className="size-5" aria-hidden="true" />
            More
          </>
        }
        label="More"
        isOpen={isOpen}
        onOpen={setOpen}
        side="top"
        className={look}
        inside="w-60 p-3"
      >
        {/* Whatever is picked leads away from here. */}
        {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the links inside are what keys reach */}
        <div className="flex flex-col gap-3" onClick={(event) => { if ((event.target as HTMLElement).closest('a, button')) setOpen(false); }}>
          <PageLinks without={first.map(({ path }) => path)} />
          <ProjectSwitch />
          <GoTo />
          <Who />
          <Preferences />
        </div>
      </Popover>
    </nav>
  );
}
