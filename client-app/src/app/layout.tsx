import { lazy, Suspense, type ReactNode } from 'react';
import { NavLink } from 'react-router';
import { useLinkTo } from '../shared/filters/use-filters';
import { useZone, type Zone } from '../shared/time';
import { LabelledSelect } from '../shared/labelled-select';
import { pages } from '../shared/pages';
import { useOverlay } from './overlay';
import { useShortcuts } from './shortcuts';
import { themeNames, themes, useTheme, type Theme } from './theme';

const Overlays = lazy(() => import('./overlays').then((module) => ({ default: module.Overlays })));

export function Layout({ children }: { children: ReactNode }) {
  useShortcuts();
  const linkTo = useLinkTo();
  const { theme, setTheme } = useTheme();
  const { zone, setZone } = useZone();
  const { overlay, show } = useOverlay();
  return (
    <div className="mx-auto flex min-h-screen max-w-[2400px] flex-col gap-3 px-3 pb-6 sm:px-5">
      <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-card focus:p-2">Skip to the figures</a>
      <header className="flex flex-wrap items-center gap-x-5 gap-y-2 border-b border-line py-2.5">
        <NavLink to={linkTo('/dashboard', { endpoint: null, selection: null })} className="flex items-center gap-2 text-base font-semibold tracking-tight">
          <svg viewBox="0 0 16 16" className="size-5" aria-hidden="true">
            <path d="M1 11q3.5-6 7 0t7-4" fill="none" stroke="var(--accent)" strokeWidth="2.5" strokeLinecap="round" />
          </svg>
          Bayou
        </NavLink>
        <nav aria-label="Pages" className="flex flex-wrap items-center gap-1 text-sm">
          {pages.map(({ path, name }) => name !== null && (
            <NavLink key={path} to={linkTo(path, { endpoint: null, selection: null })} end className="rounded-md px-2.5 py-1 text-ink-soft hover:text-ink aria-[current=page]:bg-card aria-[current=page]:font-semibold aria-[current=page]:text-ink">
              {name}
            </NavLink>
          ))}
          <a href="/reference" className="rounded-md px-2.5 py-1 text-ink-soft hover:text-ink">API</a>
        </nav>
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <button type="button" className="button text-ink-soft" onClick={() => { show('palette'); }}>
            Go to… <kbd className="hidden text-xs sm:inline">Ctrl K</kbd>
          </button>
          <LabelledSelect label="Clock" value={zone} options={[['local', 'Local time'], ['UTC', 'UTC']]} onChange={(value) => { setZone(value as Zone); }} />
          <LabelledSelect label="Colours" value={theme} options={themes.map((name) => [name, themeNames[name]] as const)} onChange={(value) => { setTheme(value as Theme); }} />
          <button type="button" className="button" aria-label="Keyboard shortcuts" onClick={() => { show('help'); }}>?</button>
        </div>
      </header>
      <main id="main" className="flex flex-1 flex-col gap-3">{children}</main>
      {overlay && <Suspense fallback={null}><Overlays /></Suspense>}
    </div>
  );
}
