import { LabelledSelect } from '../../shared/labelled-select';
import { formatCountry } from '../../shared/format';
import type { KnownService } from './figures';
import { compares, methods, statusClasses, type Compare, type Filters } from '../../shared/filters/filters';
import { shownServices } from './queries';
import { RangeBar } from '../../shared/filters/range-bar';

interface Props {
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
}

const ALL = '';

export function FilterBar({ filters, services, onChange }: Props) {
  const { range } = filters;
  // One that is named stays choosable, be it Bayou's own or one not seen yet.
  const shown = [...new Set([...shownServices(services), ...(filters.service === null ? [] : [filters.service])])];
  const hasOwnOnly = services.length > 0 && !shown.includes('bayou');
  const statuses = [...new Set([...statusClasses, ...(filters.status === null ? [] : [filters.status])])];
  return (
    <div role="search" aria-label="Filters" className="flex flex-wrap items-center gap-2">
      <LabelledSelect
        label="Service"
        value={filters.service ?? ALL}
        options={[...(shown.length > 1 ? [[ALL, 'All services'] as const] : []), ...shown.map((name) => [name, name] as const), ...(hasOwnOnly ? [['bayou', 'bayou (this server)'] as const] : [])]}
        onChange={(value) => { onChange({ service: value === ALL ? null : value, endpoint: null }); }}
      />
      {filters.endpoint === null && <LabelledSelect
        label="Method"
        value={filters.method ?? ALL}
        options={[[ALL, 'All methods'], ...methods.map((name) => [name, name] as const)]}
        onChange={(value) => { onChange({ method: value === ALL ? null : value }); }}
      />}
      <LabelledSelect
        label="Status"
        value={filters.status ?? ALL}
        options={[[ALL, 'All statuses'], ...statuses.map((name) => [name, name] as const)]}
        onChange={(value) => { onChange({ status: value === ALL ? null : value }); }}
      />
      {filters.country !== null && (
        <button type="button" className="button" onClick={() => { onChange({ country: null }); }}>
          From {formatCountry(filters.country)} <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
        </button>
      )}
      <RangeBar range={range} onChange={(shown) => { onChange({ range: shown }); }}>
        <LabelledSelect
          label="Compare with"
          value={filters.compare}
          options={(Object.keys(compares) as Compare[]).map((name) => [name, name === 'none' ? 'No comparison' : `vs ${compares[name]}`] as const)}
          onChange={(value) => { onChange({ compare: value as Compare }); }}
        />
      </RangeBar>
    </div>
  );
}
