import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export const columns = ['level', 'source', 'service', 'trace'] as const;
export type Column = (typeof columns)[number];

interface SavedSearch {
  name: string;
  /** The URL's query. */
  query: string;
}

interface Preferences {
  columns: Column[];
  isWrapped: boolean;
  saved: SavedSearch[];
  toggleColumn: (column: Column) => void;
  toggleWrap: () => void;
  save: (search: SavedSearch) => void;
  forget: (name: string) => void;
}

/** How this reader likes the lines, and which searches they keep. */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      columns: ['level', 'source'],
      isWrapped: false,
      saved: [],
      toggleColumn: (column) => { set(({ columns: shown }) => ({ columns: columns.filter((known) => (known === column) !== shown.includes(known)) })); },
      toggleWrap: () => { set(({ isWrapped }) => ({ isWrapped: !isWrapped })); },
      save: (search) => { set(({ saved }) => ({ saved: [...saved.filter(({ name }) => name !== search.name), search] })); },
      forget: (name) => { set(({ saved }) => ({ saved: saved.filter((search) => search.name !== name) })); },
    }),
    { name: 'bayou.logs' },
  ),
);
