import type { ReactNode } from 'react';
import { ThemeSwitch } from './theme-switch';

export function Layout({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto flex min-h-screen max-w-[1600px] flex-col gap-6 px-4 py-4 sm:px-6">
      <header className="flex items-center gap-3">
        <svg viewBox="0 0 16 16" className="size-6" aria-hidden="true">
          <path d="M1 11q3.5-6 7 0t7-4" fill="none" stroke="var(--accent)" strokeWidth="2.5" strokeLinecap="round" />
        </svg>
        <a href="/dashboard" className="text-lg font-semibold tracking-tight">
          Bayou
        </a>
        <nav aria-label="More" className="ml-auto flex items-center gap-4 text-sm">
          <a href="/reference" className="text-ink-soft hover:text-ink">
            API
          </a>
          <ThemeSwitch />
        </nav>
      </header>
      <main className="flex flex-1 flex-col gap-6">{children}</main>
    </div>
  );
}
