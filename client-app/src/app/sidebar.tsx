import { PanelLeftClose, PanelLeftOpen, SlidersHorizontal } from 'lucide-react';
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { Who } from '../features/access/who';
import { ProjectSwitch } from '../features/projects/project-switch';
import { Popover } from '../shared/popover';
import { useIsAtLeast } from '../shared/use-media';
import { Home } from './home';
import { PageLinks } from './page-links';
import { GoTo, Preferences } from './preferences';

/** Whether the reader has folded the sidebar to its icons. */
const useSidebar = create<{ isFolded: boolean; fold: (isFolded: boolean) => void }>()(
  persist((set) => ({ isFolded: false, fold: (isFolded) => { set({ isFolded }); } }), { name: 'bayou.sidebar' }),
);

/** The way to every page, beside it; only its icons where there is little room. */
export function Sidebar() {
  const isWide = useIsAtLeast('wide');
  const { isFolded: isFoldedByReader, fold } = useSidebar();
  const isFolded = isFoldedByReader || !isWide;
  return (
    <div className={`sticky top-0 flex h-dvh shrink-0 flex-col gap-4 overflow-y-auto border-r border-line py-2.5 ${isFolded ? 'w-13 px-2' : 'w-48 px-3'}`}>
      <Home isFolded={isFolded} />
      <ProjectSwitch isFolded={isFolded} />
      <GoTo isFolded={isFolded} />
      <nav aria-label="Pages" className="flex flex-col gap-4"><PageLinks isFolded={isFolded} /></nav>
      <div className="mt-auto flex flex-col gap-2">
        <Who isFolded={isFolded} />
        {isFolded
          ? (
            <Popover
              name={<SlidersHorizontal className="size-4" aria-hidden="true" />}
              label="Preferences"
              className="button py-1.5"
              side="right"
              inside="w-52 p-3"
            >
              <Preferences />
            </Popover>
          )
          : <Preferences />}
        {isWide && (
          <button
            type="button"
            className="button py-1.5 text-ink-soft"
            aria-label={isFolded ? 'Unfold the sidebar' : undefined}
            onClick={() => {
              fold(!isFolded);
            }}
          >
            {isFolded ? <PanelLeftOpen className="size-4" aria-hidden="true" /> : <><PanelLeftClose className="size-4" aria-hidden="true" /> Fold</>}
          </button>
        )}
      </div>
    </div>
  );
}
