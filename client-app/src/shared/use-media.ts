import { useCallback, useSyncExternalStore } from 'react';

/** Widths from which on the page has room for more; Tailwind's sm and lg. */
export const widths = { medium: '(min-width: 40rem)', wide: '(min-width: 64rem)' } as const;

/** Whether the window is at least so wide. */
export function useIsAtLeast(width: keyof typeof widths): boolean {
  const subscribe = useCallback((changed: () => void) => {
    const media = window.matchMedia(widths[width]);
    media.addEventListener('change', changed);
    return () => { media.removeEventListener('change', changed); };
  }, [width]);
  return useSyncExternalStore(subscribe, () => window.matchMedia(widths[width]).matches);
}
