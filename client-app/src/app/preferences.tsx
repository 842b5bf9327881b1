import { Keyboard, Search } from 'lucide-react';
import { LabelledSelect } from '../shared/labelled-select';
import { useZone, type Zone } from '../shared/time';
import { useOverlay } from './overlay';
import { themeNames, themes, useTheme, type Theme } from './theme';

/** What the reader has set for every page. */
export function Preferences() {
  const { theme, setTheme } = useTheme();
  const { zone, setZone } = useZone();
  const { show } = useOverlay();
  return (
    <div className="flex flex-col gap-2">
      <LabelledSelect label="Clock" value={zone} options={[['local', 'Local time'], ['UTC', 'UTC']]} onChange={(value) => { setZone(value as Zone); }} />
      <LabelledSelect
        label="Colours"
        value={theme}
        options={themes.map((name) => [name, themeNames[name]] as const)}
        onChange={(value) => {
          setTheme(value as Theme);
        }}
      />
      <button
        type="button"
        className="button py-1.5"
        onClick={() => {
          show('help');
        }}
      >
        <Keyboard className="size-4" aria-hidden="true" /> Keyboard shortcuts
      </button>
    </div>
  );
}

/** Opens the palette. */
export function GoTo({ isFolded = false }: { isFolded?: boolean }) {
  const { show } = useOverlay();
  return (
    <button
      type="button"
      className="button py-1.5 text-ink-soft"
      aria-label={isFolded ? 'Go to…' : undefined}
      title="Go to… (Ctrl K)"
      onClick={() => {
        show('palette');
      }}
    >
      <Search className="size-4" aria-hidden="true" /> {!isFolded && <>Go to… <kbd className="ml-auto text-xs">Ctrl K</kbd></>}
    </button>
  );
}
