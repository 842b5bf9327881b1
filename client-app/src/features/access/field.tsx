import { useId, type ComponentProps } from 'react';

interface Props extends Omit<ComponentProps<'input'>, 'onChange'> {
  label: string;
  /** What is wrong with it, or how it is meant. */
  hint?: string | undefined;
  onChange: (value: string) => void;
}

/** A named field of a form. */
export function Field({ label, hint, onChange, ...input }: Props) {
  const id = useId();
  return (
    <label className="flex flex-col gap-1 text-sm">
      {label}
      <input
        {...input}
        onChange={(event) => { onChange(event.target.value); }}
        aria-describedby={hint ? id : undefined}
        className="rounded-md border border-line bg-surface px-3 py-2 text-sm"
      />
      {hint && <span id={id} className="text-xs text-ink-soft">{hint}</span>}
    </label>
  );
}
