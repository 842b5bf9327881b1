import { themes, useTheme, type Theme } from './theme';

const labels = { system: 'System', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>;

export function ThemeSwitch() {
  const { theme, setTheme } = useTheme();
  return (
    <label className="flex items-center gap-2 text-ink-soft">
      <span className="sr-only">Colours</span>
      <select
        value={theme}
        onChange={(event) => { setTheme(event.target.value as Theme); }}
        className="rounded border border-line bg-card px-2 py-1 text-ink"
      >
        {themes.map((name) => (
          <option key={name} value={name}>
            {labels[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
