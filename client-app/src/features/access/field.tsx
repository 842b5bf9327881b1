import { useId, type ComponentProps } from 'react';

interface Props extends Omit<ComponentProps<'input'>, 'onChange'> {
  label: string;
  /** How it is meant. */
  hint?: string;
  onChange: (value: string) => void;
}

/** A named field of a form. */
export function Field({ label, hint, onChange, ...input }: Props) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className="flex flex-col gap-1 text-sm">
      <label htmlFor={id}>{label}</label>
      <input
        {...input}
        id={id}
        onChange={(event) => { onChange(event.target.value); }}
        aria-describedby={hint ? hintId : undefined}
        className="rounded-md border border-line bg-surface px-3 py-2 text-sm"
      />
      {hint && <span id={hintId} className="text-xs text-ink-soft">{hint}</span>}
    </div>
  );
}
