import { formatCompact } from './format';

interface Props {
  title: string;
  values: readonly { value: string; count: number }[];
  /** Those that are filters. */
  taken: readonly string[];
  /** What a number is of, in words. */
  formatExact: (count: number) => string;
  onToggle: (value: string) => void;
  /** As it is shown; itself unless told. */
  show?: ((value: string) => string) | undefined;
  /** Of a dot before it. */
  colorOf?: ((value: string) => string | undefined) | undefined;
}

/** Values of a field, each with its number; one that is taken is a filter, and stays whether there is anything of it or not. */
export function Facet({ title, values, taken, formatExact, onToggle, show, colorOf }: Props) {
  const shown = [...values, ...taken.filter((value) => !values.some((known) => known.value === value)).map((value) => ({ value, count: 0 }))];
  if (shown.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2 className="mb-1 font-semibold">{title}</h2>
      <ul className="flex flex-col">
        {shown.map(({ value, count }) => {
          const color = colorOf?.(value);
          return (
            <li key={value}>
              <button
                type="button"
                aria-pressed={taken.includes(value)}
                onClick={() => { onToggle(value); }}
                className="flex w-full cursor-pointer items-baseline gap-2 rounded px-1.5 py-0.5 text-left hover:bg-card aria-pressed:bg-card
                  aria-pressed:font-semibold aria-pressed:outline aria-pressed:outline-accent"
              >
                {color !== undefined && <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ background: color }} />}
                <span className="min-w-0 flex-1 truncate" title={value}>{show ? show(value) : value}</span>
                <span className="text-ink-soft" title={formatExact(count)}>{formatCompact(count)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
