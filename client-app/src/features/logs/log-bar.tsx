import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { urlOf } from '../../shared/api';
import { LabelledSelect } from '../../shared/labelled-select';
import { resolve } from '../../shared/filters/filters';
import { logQuery, modes, type LogFilters, type Mode } from './log-filters';
import { columns, usePreferences } from './preferences';

interface Props {
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

/** The search, how it is meant, and what else can be done with the lines. */
export function LogBar({ filters, onChange }: Props) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <form
        role="search"
        key={filters.search}
        className="flex min-w-60 flex-1 gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const text = new FormData(event.currentTarget).get('search');
          onChange({ search: typeof text === 'string' ? text.trim() : '' });
        }}
      >
        <input
          name="search"
          type="search"
          data-shortcut="search"
          aria-label="Search the logs"
          maxLength={1_000}
          defaultValue={filters.search}
          placeholder={'Words, "a phrase", -not, source:API, level:error'}
          className="min-w-0 flex-1 rounded-md border border-line bg-card px-3 py-1.5 text-sm"
        />
        <button type="submit" className="button">Search</button>
      </form>
      <LabelledSelect
        label="Search for"
        value={filters.mode}
        options={(Object.keys(modes) as Mode[]).map((mode) => [mode, modes[mode]] as const)}
        onChange={(mode) => { onChange({ mode: mode as Mode }); }}
      />
      <SavedSearches />
      <ViewMenu />
      <ExportMenu filters={filters} />
    </div>
  );
}

const menu = 'absolute right-0 z-20 mt-1 flex w-60 flex-col gap-1 rounded-md border border-line bg-card p-2 text-xs shadow-lg';

function ViewMenu() {
  const { columns: shown, isWrapped, toggleColumn, toggleWrap } = usePreferences();
  return (
    <details className="relative">
      <summary className="button list-none">View</summary>
      <fieldset className={menu}>
        <legend className="sr-only">Columns</legend>
        {columns.map((column) => (
          <label key={column} className="flex items-center gap-2"><input type="checkbox" checked={shown.includes(column)} onChange={() => { toggleColumn(column); }} /> {column}</label>
        ))}
        <label className="flex items-center gap-2 border-t border-line pt-1"><input type="checkbox" checked={isWrapped} onChange={toggleWrap} /> wrap long lines</label>
      </fieldset>
    </details>
  );
}

function ExportMenu({ filters }: { filters: LogFilters }) {
  const range = resolve(filters.range);
  const path = (format: string) => urlOf('/logs/export', { ...logQuery(filters), start_date: range.start, end_date: range.end, format });
  return (
    <details className="relative">
      <summary className="button list-none">Export</summary>
      <div className={menu}>
        <a className="menu-item" href={path('ndjson')} download="logs.ndjson">All of these lines as NDJSON</a>
        <a className="menu-item" href={path('csv')} download="logs.csv">All of these lines as CSV</a>
      </div>
    </details>
  );
}

function SavedSearches() {
  const { saved, save, forget } = usePreferences();
  const [query] = useSearchParams();
  const [name, setName] = useState('');
  const navigate = useNavigate();
  return (
    <details className="relative">
      <summary className="button list-none">Saved</summary>
      <div className={menu}>
        {saved.map((search) => (
          <div key={search.name} className="flex items-center gap-1">
            <button type="button" className="menu-item min-w-0 flex-1 truncate" onClick={() => { void navigate(`/dashboard/logs?${search.query}`); }}>{search.name}</button>
            <button type="button" className="button" aria-label={`Forget ${search.name}`} onClick={() => { forget(search.name); }}>×</button>
          </div>
        ))}
        <form
          className="flex gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== '') save({ name: name.trim(), query: query.toString() });
            setName('');
          }}
        >
          <input aria-label="Name of this search" placeholder="Name this search" value={name} onChange={(event) => { setName(event.target.value); }} className="min-w-0 flex-1 rounded border border-line bg-surface px-2 py-1" />
          <button type="submit" className="button">Save</button>
        </form>
      </div>
    </details>
  );
}
