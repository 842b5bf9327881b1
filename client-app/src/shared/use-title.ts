import { useEffect } from 'react';

/** Names the browser's tab and its history; the document is outside React. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Bayou`;
  }, [title]);
}
