import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

export const themeNames = { system: 'System', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>;

/** Which colours the reader chose; `system` follows the operating system. */
export const useTheme = create<{ theme: Theme; setTheme: (theme: Theme) => void }>()(
  persist((set) => ({ theme: 'system', setTheme: (theme) => { set({ theme }); } }), { name: 'bayou.theme' }),
);

const darkSystem = window.matchMedia('(prefers-color-scheme: dark)');

function show() {
  const { theme } = useTheme.getState();
  document.documentElement.dataset.theme = theme === 'system' ? (darkSystem.matches ? 'dark' : 'light') : theme;
}

/** The other of light and dark. */
export function switchTheme() {
  useTheme.getState().setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
}

darkSystem.addEventListener('change', show);
useTheme.subscribe(show);
show();
