import type { ReactNode } from 'react';

interface Props {
  name: string;
  columns: readonly string[];
  children: ReactNode;
}

/** A table that scrolls by itself where there is little room. */
export function Table({ name, columns, children }: Props) {
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={`${name}, scrollable`}>
      <table aria-label={name} className="w-full text-sm">
        <thead>
          <tr className="border-b border-line text-left text-xs text-ink-soft">
            {columns.map((column) => <th key={column} scope="col" className="py-1.5 pr-4 font-medium whitespace-nowrap">{column}</th>)}
            <th scope="col" className="py-1.5"><span className="sr-only">Actions</span></th>
          </tr>
        </thead>
        <tbody className="[&_td]:py-2 [&_td]:pr-4 [&_th]:py-2 [&_th]:pr-4 [&_th]:text-left [&_th]:font-medium [&_tr]:border-b [&_tr]:border-line
          [&_tr:last-child]:border-0">
          {children}
        </tbody>
      </table>
    </div>
  );
}
