import { useQuery } from '@tanstack/react-query';
import { Facet } from '../../shared/facet';
import { formatExactly } from '../../shared/format';
import { levelColor } from './levels';
import { facets } from './lines';
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
        formatExact={formatExactly.lines}
        title="Level"
        colorOf={(value) => (isLevel(value) ? levelColor[value] : undefined)}
        values={levels.data.level}
        taken={filters.levels}
        onToggle={(value) => { if (isLevel(value)) onChange({ levels: toggled(filters.levels, value) }); }}
      />
      <Facet
        formatExact={formatExactly.lines}
        title="Source"
        values={sources.data.source}
        taken={filters.sources}
        onToggle={(value) => {
          onChange({ sources: toggled(filters.sources, value) });
        }}
      />
      <Facet
        formatExact={formatExactly.lines}
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
