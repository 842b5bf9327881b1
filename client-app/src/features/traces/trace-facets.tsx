import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../shared/api';
import { Facet } from '../../shared/facet';
import { formatExactly } from '../../shared/format';
import { outcomeColor, serviceColor } from './colors';
import { facets } from './queries';
import type { TraceFilters } from './trace-filters';

interface Props {
  filters: TraceFilters;
  onChange: (change: Partial<TraceFilters>) => void;
}

const shown = [
  ['Outcome', 'status', 'outcome'], ['Service', 'service', 'service'], ['Name', 'name', 'name'], ['Kind', 'kind', 'kind'],
  ['HTTP status', 'status_code', 'status'],
] as const satisfies readonly (readonly [string, keyof Schemas['TraceFacetValues'], keyof TraceFilters])[];

/** What values there are, each with its number of spans; one that is taken is a filter. */
export function TraceFacets({ filters, onChange }: Props) {
  const { data, error } = useQuery(facets(filters));
  if (!data) {
    return <p role="status" className="text-xs text-ink-soft">{error ? `What there is to choose from cannot be loaded: ${error.message}` : 'Counting…'}</p>;
  }

  return (
    <aside aria-label="Filters" className="flex flex-col gap-4 text-xs">
      {shown.map(([title, facet, filter]) => (
        <Facet
          key={title}
          title={title}
          values={data[facet]}
          taken={filters[filter] === null ? [] : [filters[filter]]}
          formatExact={formatExactly.spans}
          colorOf={facet === 'status' ? (value) => outcomeColor[value] : facet === 'service' ? serviceColor : undefined}
          onToggle={(value) => { onChange({ [filter]: filters[filter] === value ? null : value }); }}
        />
      ))}
    </aside>
  );
}
