import { useQuery } from '@tanstack/react-query';
import { Dialog } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { rangeNames } from '../shared/filters/filters';
import { knownServices, shownServices } from '../features/metrics/queries';
import { useLinkTo } from '../shared/filters/use-filters';
import { useView } from '../features/metrics/use-view';
import { pages } from '../shared/pages';
import { knownEndpoints } from './known-endpoints';
import { useOverlay } from './overlay';
import { shortcuts, switchZone } from './shortcuts';
import { themeNames, themes, useTheme } from './theme';

/** The palette and the help sheet; loaded when first asked for. */
export function Overlays() {
  const { overlay, show } = useOverlay();
  return (
    <Dialog.Root open={overlay !== null} onOpenChange={(open) => { if (!open) show(null); }}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={focusBox}
          className="fixed top-[12vh] left-1/2 z-50 flex max-h-[70vh] w-[min(38rem,calc(100vw-2rem))] -translate-x-1/2 flex-col overflow-hidden
            rounded-lg border border-line bg-card text-ink shadow-2xl"
        >
          {overlay === 'help' ? <Help /> : <Palette onDone={() => { show(null); }} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Radix would select what is in the box, and the next key replace what was typed before the box was there. */
function focusBox(event: Event) {
  const box = (event.currentTarget as HTMLElement).querySelector('input');
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function Help() {
  return (
    <div className="overflow-auto p-5">
      <div className="mb-3 flex items-center justify-between">
        <Dialog.Title className="font-semibold">Keyboard shortcuts</Dialog.Title>
        <Dialog.Close className="button">Close</Dialog.Close>
      </div>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {shortcuts.map(([key, meaning]) => (
          <div key={key} className="contents">
            <dt><kbd className="rounded border border-line bg-surface px-1.5 py-0.5 font-mono text-xs">{key}</kbd></dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface Command {
  name: string;
  kind: string;
  run: () => void;
}

const MAX_SHOWN = 50;

function Palette({ onDone }: { onDone: () => void }) {
  const { search, setSearch } = useOverlay();
  const [at, setAt] = useState(0);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = useCommands().filter(({ name, kind }) => words.every((word) => `${kind} ${name}`.toLowerCase().includes(word))).slice(0, MAX_SHOWN);
  const run = (command: Command | undefined) => {
    if (!command) return;
    onDone();
    command.run();
  };
  const move = (to: number) => {
    setAt(to);
    document.getElementById(`command-${to}`)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <>
      <Dialog.Title className="sr-only">Command palette</Dialog.Title>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={found.length > 0 ? `command-${at}` : undefined}
        aria-label="Go to"
        placeholder="Go to an endpoint, a service, a page…"
        value={search}
        onChange={(event) => { setSearch(event.target.value); setAt(0); }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') { event.preventDefault(); move(Math.min(at + 1, found.length - 1)); }
          if (event.key === 'ArrowUp') { event.preventDefault(); move(Math.max(at - 1, 0)); }
          if (event.key === 'Enter') { event.preventDefault(); run(found[at]); }
        }}
        className="border-b border-line bg-card px-4 py-3 text-sm outline-none"
      />
      <Commands found={found} at={at} onRun={run} />
      {found.length === 0 && <p role="status" className="p-4 text-sm text-ink-soft">Nothing is named “{search}”.</p>}
    </>
  );
}

function Commands({ found, at, onRun }: { found: Command[]; at: number; onRun: (command: Command) => void }): ReactNode {
  return (
    <div role="listbox" id="commands" aria-label="Commands" className="overflow-auto p-1">
      {found.map((command, index) => (
        // The keyboard works in the box above, which keeps the focus.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={`${command.kind} ${command.name}`}
          role="option"
          id={`command-${index}`}
          tabIndex={-1}
          aria-selected={index === at}
          onClick={() => { onRun(command); }}
          className="flex cursor-pointer items-baseline gap-3 rounded px-3 py-2 text-sm hover:bg-surface aria-selected:bg-surface"
        >
          <span className="min-w-0 flex-1 truncate">{command.name}</span>
          <span className="text-xs text-ink-soft">{command.kind}</span>
        </div>
      ))}
    </div>
  );
}

function useCommands(): Command[] {
  const navigate = useNavigate();
  const linkTo = useLinkTo();
  const { onChange } = useView();
  const { data: services } = useQuery(knownServices);
  const { data: endpoints } = useQuery(knownEndpoints);
  const go = (path: string) => { void navigate(path); };
  return [
    ...pages.map(({ path, title }) => ({ name: title, kind: 'Page', run: () => { go(linkTo(path, { endpoint: null, selection: null })); } })),
    { name: 'API reference', kind: 'Page', run: () => { window.location.assign('/reference'); } },
    ...shownServices(services ?? []).map((service) => ({
      name: service,
      kind: 'Service',
      run: () => {
        go(linkTo('/dashboard', { service, endpoint: null, selection: null }));
      },
    })),
    ...rangeNames.map((name) => ({ name: `Last ${name}`, kind: 'Time range', run: () => { onChange({ range: { kind: 'last', name } }); } })),
    { name: 'Local time or UTC', kind: 'Switch', run: switchZone },
    ...themes.map((theme) => ({ name: themeNames[theme], kind: 'Colours', run: () => { useTheme.getState().setTheme(theme); } })),
    { name: 'Keyboard shortcuts', kind: 'Help', run: () => { useOverlay.getState().show('help'); } },
    ...(endpoints ?? []).map(({ service, endpoint }) => ({
      name: endpoint, kind: service, run: () => { go(linkTo('/dashboard/metrics', { service, endpoint, method: null, country: null, selection: null })); },
    })),
  ];
}
