import type { ReactNode } from 'react';

export function Loading({ what }: { what: string }) {
  return <p role="status" className="py-6 text-center text-sm text-ink-soft">Loading {what}…</p>;
}

export function Failed({ what, error }: { what: string; error: Error }) {
  return <p role="alert" className="py-6 text-center text-sm text-bad">{what} cannot be loaded: {error.message.replace(/\.$/, '')}. Trying again.</p>;
}

/** What is shown is not of now, and why. */
export function Paused({ children }: { children: ReactNode }) {
  return <p role="alert" className="w-full rounded-md border border-bad px-3 py-2 text-sm text-bad">{children}</p>;
}

export function Empty({ children }: { children: ReactNode }) {
  return <p className="py-6 text-center text-sm text-ink-soft">{children}</p>;
}
