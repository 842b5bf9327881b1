import { create } from 'zustand';

interface Overlay {
  overlay: 'palette' | 'help' | null;
  show: (overlay: 'palette' | 'help' | null) => void;
  /** What the palette looks for. Here and not in its box, as people type before that is there. */
  search: string;
  setSearch: (search: string) => void;
}

/** What lies above the page: the command palette, the help on shortcuts, or nothing. */
export const useOverlay = create<Overlay>()((set) => ({
  overlay: null,
  show: (overlay) => { set({ overlay, search: '' }); },
  search: '',
  setSearch: (search) => { set({ search }); },
}));
