import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { urlOf } from '../../shared/api';
import { resolve } from '../../shared/filters/filters';
import { Popover } from '../../shared/popover';
import { namedProject, PROJECT_PARAMETER } from '../../shared/project';
import { logQuery, type LogFilters } from './log-filters';
import { columns, usePreferences } from './preferences';

/** What else can be done with the lines. */
export function LogMenus({ filters }: { filters: LogFilters }) {
  return <div className="flex items-center gap-2"><SavedSearches /><ViewMenu /><ExportMenu filters={filters} /></div>;
}

function ViewMenu() {
  const { columns: shown, isWrapped, toggleColumn, toggleWrap } = usePreferences();
  return (
    <Popover name="View">
      <fieldset className="flex flex-col gap-1">
        <legend className="sr-only">Columns</legend>
        {columns.map((column) => (
          <label key={column} className="flex items-center gap-2">
            <input
              type="checkbox"
              checked={shown.includes(column)}
              onChange={() => {
                toggleColumn(column);
              }}
            />{' '}
            {column}
          </label>
        ))}
        <label className="flex items-center gap-2 border-t border-line pt-1">
          <input type="checkbox" checked={isWrapped} onChange={toggleWrap} /> wrap long lines
        </label>
      </fieldset>
    </Popover>
  );
}

function ExportMenu({ filters }: { filters: LogFilters }) {
  const range = resolve(filters.range);
  const path = (format: string) => urlOf('/logs/export', { ...logQuery(filters), start_date: range.start, end_date: range.end, format, ...namedProject() });
  return (
    <Popover name="Export">
      <a className="menu-item" href={path('ndjson')} download="logs.ndjson">All of these lines as NDJSON</a>
      <a className="menu-item" href={path('csv')} download="logs.csv">All of these lines as CSV</a>
    </Popover>
  );
}

function SavedSearches() {
  const { saved, save, forget } = usePreferences();
  const [query] = useSearchParams();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const navigate = useNavigate();
  const goTo = (search: string) => {
    setOpen(false);
    void navigate(`/dashboard/logs?${search}`);
  };
  return (
    <Popover name="Saved" isOpen={isOpen} onOpen={setOpen}>
      {saved.map((search) => (
        <div key={search.name} className="flex items-center gap-1">
          <button type="button" className="menu-item min-w-0 flex-1 truncate" onClick={() => { goTo(search.query); }}>{search.name}</button>
          <button type="button" className="button" aria-label={`Forget ${search.name}`} onClick={() => { forget(search.name); }}>×</button>
        </div>
      ))}
      <form
        className="flex gap-1"
        onSubmit={(event) => {
          event.preventDefault();
          const saved = new URLSearchParams(query);
          saved.delete(PROJECT_PARAMETER); // It is as good for another.
          if (name.trim() !== '') save({ name: name.trim(), query: saved.toString() });
          setName('');
        }}
      >
        <input
          aria-label="Name of this search"
          placeholder="Name this search"
          value={name}
          onChange={(event) => { setName(event.target.value); }}
          className="min-w-0 flex-1 rounded border border-line bg-surface px-2 py-1"
        />
        <button type="submit" className="button">Save</button>
      </form>
    </Popover>
  );
}
