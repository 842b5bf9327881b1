interface Props {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

export function LabelledSelect({ label, value, options, onChange }: Props) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => { onChange(event.target.value); }}
      className="max-w-56 min-w-0 truncate rounded-md border border-line bg-card px-2 py-1.5 text-sm text-ink"
    >
      {options.map(([key, name]) => (
        <option key={key} value={key}>{name}</option>
      ))}
    </select>
  );
}
