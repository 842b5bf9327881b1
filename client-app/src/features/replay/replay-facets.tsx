import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../shared/api';
import { formatCompact, formatCountry, formatExactly } from '../../shared/format';
import { statusColor } from './message';
import { facets } from './queries';
import type { ReplayFilters } from './replay-filters';

type Value = Schemas['ReplayFacetValue'];

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
        <Facet key={title} title={title} values={data[facet]} taken={filters[filter]} onToggle={(value) => { onChange({ [filter]: value }); }} />
      ))}
    </aside>
  );
}

function Facet({ title, values, taken, onToggle }: { title: string; values: Value[]; taken: string | null; onToggle: (value: string | null) => void }) {
  const all = taken === null || values.some(({ value }) => value === taken) ? values : [...values, { value: taken, count: 0 }];
  return all.length > 0 && (
    <section aria-label={title}>
      <h2 className="mb-1 font-semibold">{title}</h2>
      <ul className="flex flex-col">
        {all.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              aria-pressed={value === taken}
              onClick={() => { onToggle(value === taken ? null : value); }}
              className="flex w-full cursor-pointer items-baseline gap-2 rounded px-1.5 py-0.5 text-left hover:bg-card aria-pressed:bg-card
                aria-pressed:font-semibold aria-pressed:outline aria-pressed:outline-accent"
            >
              {title === 'Status' && <span aria-hidden="true" className="size-2 shrink-0 rounded-full" style={{ background: statusColor(Number(value)) }} />}
              <span className="min-w-0 flex-1 truncate" title={value}>{title === 'Country' ? formatCountry(value) : value}</span>
              <span className="text-ink-soft" title={formatExactly.requests(count)}>{formatCompact(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
