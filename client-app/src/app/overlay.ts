import { create } from 'zustand';

/** What lies above the page: the command palette, the help on shortcuts, or nothing. */
export const useOverlay = create<{ overlay: 'palette' | 'help' | null; show: (overlay: 'palette' | 'help' | null) => void }>()((set) => ({
  overlay: null,
  show: (overlay) => { set({ overlay }); },
}));
