import { lazy, Suspense, type ReactNode } from 'react';
import { useIsAtLeast } from '../shared/use-media';
import { Bar } from './bar';
import { BottomBar } from './bottom-bar';
import { Home } from './home';
import { useOverlay } from './overlay';
import { useShortcuts } from './shortcuts';
import { Sidebar } from './sidebar';

const Overlays = lazy(() => import('./overlays').then((module) => ({ default: module.Overlays })));

interface Props {
  /** Nothing may be asked of the server yet. */
  isClosed: boolean;
  children: ReactNode;
}

/** What is around every page: the way to the others beside it, or below it on a phone, and what it is of above it. */
export function Layout({ isClosed, children }: Props) {
  useShortcuts();
  const { overlay } = useOverlay();
  const isMedium = useIsAtLeast('medium');
  return (
    <div className="flex min-h-dvh">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-card focus:p-2">Skip to the figures</a>
      {isMedium && !isClosed && <Sidebar />}
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex min-h-12 items-center gap-2 border-b border-line bg-surface px-3 py-1.5 sm:px-5">
          {(!isMedium || isClosed) && <Home isFolded={false} />}
          {!isClosed && <Bar />}
        </header>
        <main id="main" className="mx-auto flex w-full max-w-[2400px] flex-1 flex-col gap-3 px-3 pt-3 pb-20 sm:px-5 sm:pb-6">{children}</main>
      </div>
      {!isMedium && !isClosed && <BottomBar />}
      {overlay && <Suspense fallback={null}><Overlays /></Suspense>}
    </div>
  );
}
