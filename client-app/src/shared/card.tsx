import type { ReactNode } from 'react';

interface Props {
  title: string;
  /** A word on what is in it, beside the title. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Card({ title, note, actions, children, className = '' }: Props) {
  return (
    <section aria-label={title} className={`flex min-w-0 flex-col rounded-lg border border-line bg-card ${className}`}>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3 pb-2">
        <h2 className="text-sm font-semibold">{title}</h2>
        {note && <span className="text-xs text-ink-soft">{note}</span>}
        <div className="ml-auto flex flex-wrap items-center justify-end gap-2">{actions}</div>
      </header>
      <div className="min-w-0 flex-1 px-4 pb-4">{children}</div>
    </section>
  );
}
