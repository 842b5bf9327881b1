import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../shared/api';
import { Facet } from '../../shared/facet';
import { formatCountry, formatExactly } from '../../shared/format';
import { statusColor } from './message';
import { facets } from './queries';
import type { ReplayFilters } from './replay-filters';

interface Props {
  filters: ReplayFilters;
  onChange: (change: Partial<ReplayFilters>) => void;
}

const shown = [
  ['Status', 'status_code', 'status'], ['Endpoint', 'endpoint', 'endpoint'], ['Service', 'service', 'service'], ['Method', 'method', 'method'],
  ['Stage', 'stage', 'stage'], ['Version', 'version', 'version'], ['Country', 'geo_country', 'country'],
] as const satisfies readonly (readonly [string, keyof Schemas['ReplayFacetValues'], keyof ReplayFilters])[];

/** What values there are, each with its number of captured requests; one that is taken is a filter. */
export function ReplayFacets({ filters, onChange }: Props) {
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
          formatExact={formatExactly.requests}
          show={facet === 'geo_country' ? formatCountry : undefined}
          colorOf={facet === 'status_code' ? (value) => statusColor(Number(value)) : undefined}
          onToggle={(value) => { onChange({ [filter]: filters[filter] === value ? null : value }); }}
        />
      ))}
    </aside>
  );
}
