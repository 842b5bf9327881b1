import { useQuery } from '@tanstack/react-query';
import { formatCompact, formatExactly } from '../../shared/format';
import { levelColor } from './levels';
import { facets, type FacetValue } from './lines';
import { isLevel, type LogFilters } from './log-filters';

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

const toggled = <T,>(values: readonly T[], value: T) => (values.includes(value) ? values.filter((other) => other !== value) : [...values, value]);

/** The levels, sources and services there are, each with its number of lines; one that is taken is a filter. */
export function LogFacets({ filters, onChange }: Props) {
  // The same question as long as none of them is taken, and asked once.
  const levels = useQuery(facets(filters, 'levels'));
  const sources = useQuery(facets(filters, 'sources'));
  const services = useQuery(facets(filters, 'service'));
  if (!levels.data || !sources.data || !services.data) {
    const error = levels.error ?? sources.error ?? services.error;
    return <p role="status" className="text-xs text-ink-soft">{error ? `What there is to choose from cannot be loaded: ${error.message}` : 'Counting…'}</p>;
  }

  return (
    <aside aria-label="Filters" className="flex flex-col gap-4 text-xs">
      <Facet
        title="Level"
        values={levels.data.level}
        taken={filters.levels}
        onToggle={(value) => { if (isLevel(value)) onChange({ levels: toggled(filters.levels, value) }); }}
      />
      <Facet
        title="Source"
        values={sources.data.source}
        taken={filters.sources}
        onToggle={(value) => {
          onChange({ sources: toggled(filters.sources, value) });
        }}
      />
      <Facet
        title="Service"
        values={services.data.service}
        taken={filters.service === null ? [] : [filters.service]}
        onToggle={(value) => {
          onChange({ service: filters.service === value ? null : value });
        }}
      />
    </aside>
  );
}

interface FacetProps {
  title: string;
  values: FacetValue[];
  taken: readonly string[];
  onToggle: (value: string) => void;
}

function Facet({ title, values, taken, onToggle }: FacetProps) {
  // One that is taken stays, whether there are lines of it or not.
  const shown = [...values, ...taken.filter((value) => !values.some((known) => known.value === value)).map((value) => ({ value, count: 0 }))];
  if (shown.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2 className="mb-1 font-semibold">{title}</h2>
      <ul className="flex flex-col">
        {shown.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              aria-pressed={taken.includes(value)}
              onClick={() => { onToggle(value); }}
              className="flex w-full cursor-pointer items-baseline gap-2 rounded px-1.5 py-0.5 text-left hover:bg-card aria-pressed:bg-card
                aria-pressed:font-semibold aria-pressed:outline aria-pressed:outline-accent"
            >
              {isLevel(value) && title === 'Level' && (
                <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ background: levelColor[value] }} />
              )}
              <span className="min-w-0 flex-1 truncate" title={value}>{value}</span>
              <span className="text-ink-soft" title={formatExactly.lines(count)}>{formatCompact(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
