import { SlidersHorizontal } from 'lucide-react';
import type { ReactNode } from 'react';
import { compares, methods, statusClasses, type Compare, type Filters } from '../../shared/filters/filters';
import { formatCountry } from '../../shared/format';
import { LabelledSelect } from '../../shared/labelled-select';
import { Popover } from '../../shared/popover';
import { useIsAtLeast } from '../../shared/use-media';

interface Props {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
  /** What stands before them in their row. */
  children?: ReactNode;
}

const ALL = '';

/** What of its service a view is of, and what it is set beside; behind one button where there is little room. */
export function FilterBar({ filters, onChange, children }: Props) {
  const hasRoom = useIsAtLeast('medium');
  const taken = [filters.method, filters.status].filter((filter) => filter !== null).length;
  return (
    <div role="search" aria-label="Filters" className="flex flex-wrap items-center justify-between gap-2">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">{children}</div>
      {filters.country !== null && (
        <button type="button" className="button" onClick={() => { onChange({ country: null }); }}>
          From {formatCountry(filters.country)} <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
        </button>
      )}
      {hasRoom ? <Selects filters={filters} onChange={onChange} /> : (
        <Popover name={<><SlidersHorizontal className="size-4" aria-hidden="true" /> Filters{taken > 0 && ` (${taken})`}</>} inside="w-64 gap-2 p-3">
          <Selects filters={filters} onChange={onChange} />
        </Popover>
      )}
    </div>
  );
}

function Selects({ filters, onChange }: Omit<Props, 'children'>) {
  const statuses = [...new Set([...statusClasses, ...(filters.status === null ? [] : [filters.status])])];
  return (
    <>
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
      <LabelledSelect
        label="Compare with"
        value={filters.compare}
        options={(Object.keys(compares) as Compare[]).map((name) => [name, name === 'none' ? 'No comparison' : `vs ${compares[name]}`] as const)}
        onChange={(value) => { onChange({ compare: value as Compare }); }}
      />
    </>
  );
}
