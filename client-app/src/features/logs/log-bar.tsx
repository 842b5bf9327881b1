import { SlidersHorizontal } from 'lucide-react';
import { LabelledSelect } from '../../shared/labelled-select';
import { Popover } from '../../shared/popover';
import { SearchForm } from '../../shared/search-form';
import { useIsAtLeast } from '../../shared/use-media';
import { modes, type LogFilters, type Mode } from './log-filters';
import { LogFacets } from './log-facets';

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

/** The search and how it is meant; and the filters, where there is no room for them beside the lines. */
export function LogBar({ filters, onChange }: Props) {
  const isMedium = useIsAtLeast('medium');
  const isWide = useIsAtLeast('wide');
  const mode = (
    <LabelledSelect
      label="Search for"
      value={filters.mode}
      options={(Object.keys(modes) as Mode[]).map((name) => [name, modes[name]] as const)}
      onChange={(name) => { onChange({ mode: name as Mode }); }}
    />
  );
  return (
    <div className="flex items-center gap-2">
      <SearchForm
        label="Search the logs"
        placeholder={'Words, "a phrase", +must, -not, begin*, source:API, level:error'}
        search={filters.search}
        onSearch={(search) => { onChange({ search }); }}
      />
      {isMedium && mode}
      {!isWide && (
        <Popover name={<><SlidersHorizontal className="size-4" aria-hidden="true" /> Filters</>} inside="w-64 gap-4 p-3 text-sm">
          {!isMedium && mode}
          <LogFacets filters={filters} onChange={onChange} />
        </Popover>
      )}
    </div>
  );
}
