interface Props<T extends string> {
  label: string;
  value: T | null;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

/** A few choices side by side, one of them taken. */
export function Choice<T extends string>({ label, value, choices, onChange }: Props<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex rounded-md border border-line bg-card p-0.5">
      {choices.map(([key, name]) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === value}
          onClick={() => { onChange(key); }}
          className="rounded px-2 py-1 text-xs whitespace-nowrap text-ink-soft hover:text-ink aria-pressed:bg-surface aria-pressed:font-semibold
            aria-pressed:text-ink"
        >
          {name}
        </button>
      ))}
    </div>
  );
}
