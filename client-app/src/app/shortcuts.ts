import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { pages } from '../shared/pages';
import { useZone } from '../shared/time';
import { rangeNames, shifted } from '../shared/filters/filters';
import { useFilters, useLinkTo } from '../shared/filters/use-filters';
import { useOverlay } from './overlay';
import { switchTheme } from './theme';

/** Key and meaning, as the help sheet has them. */
export const shortcuts: readonly (readonly [key: string, meaning: string])[] = [
  ['Ctrl K', 'Command palette: go anywhere'],
  ...pages.flatMap(({ key, title }) => (key === null ? [] : [[`g ${key}`, `Go to: ${title}`] as const])),
  ['1 … 5', '15 minutes, 1 hour, 6 hours, 24 hours, 7 days'],
  ['[  ]', 'Earlier, later'],
  ['/', 'Find an endpoint'],
  ['Esc', 'Close what changed'],
  ['u', 'Local time or UTC'],
  ['t', 'Light or dark'],
  ['?', 'This help'],
  ['← →, Enter', 'In a chart: move along it, explain a bucket'],
];

/** How soon the second key of two must follow. */
const FOLLOWS_MS = 1_500;

const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;

export function switchZone() {
  const { zone, setZone } = useZone.getState();
  setZone(zone === 'UTC' ? 'local' : 'UTC');
}

/** Listens to the keyboard, which is outside React. */
export function useShortcuts() {
  const navigate = useNavigate();
  const linkTo = useLinkTo();
  const [filters, change] = useFilters();
  useEffect(() => {
    const shift = (direction: -1 | 1) => {
      const range = shifted(filters.range, direction);
      if (range) change({ range });
    };
    const go = (path: string) => { void navigate(linkTo(path, { endpoint: null, selection: null })); };
    const actions: Record<string, () => void> = {
      '[': () => { shift(-1); },
      ']': () => { shift(1); },
      '/': () => {
        const box = document.querySelector<HTMLInputElement>('[data-shortcut=search]');
        if (box) box.focus();
        else useOverlay.getState().show('palette');
      },
      u: switchZone,
      t: switchTheme,
      '?': () => { useOverlay.getState().show('help'); },
      Escape: () => { if (filters.selection) change({ selection: null }); },
    };
    for (const { key, path } of pages) if (key !== null) actions[`g ${key}`] = () => { go(path); };
    rangeNames.forEach((name, index) => { actions[`${index + 1}`] = () => { change({ range: { kind: 'last', name } }); }; });

    let before = { key: '', at: 0 };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        useOverlay.getState().show('palette');
        return;
      }
      const { overlay, search, setSearch } = useOverlay.getState();
      if (overlay === 'palette' && event.key.length === 1 && !isTyping(event.target)) {
        event.preventDefault(); // The box may have the focus before this key is through.
        setSearch(search + event.key);
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || overlay !== null) return;
      const follows = before.key === 'g' && event.timeStamp - before.at < FOLLOWS_MS;
      before = { key: event.key, at: event.timeStamp };
      const action = actions[follows ? `g ${event.key}` : event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKey);
    return () => { window.removeEventListener('keydown', onKey); };
  });
}
