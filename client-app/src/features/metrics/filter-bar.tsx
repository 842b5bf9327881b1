import { useRef, useState } from 'react';
import { serverNow } from '../../shared/clock';
import { Choice } from '../../shared/choice';
import { LabelledSelect } from '../../shared/labelled-select';
import { formatCountry } from '../../shared/format';
import { useTime } from '../../shared/time';
import type { KnownService } from './figures';
import { compares, LONGEST_MS, methods, rangeNames, resolve, shifted, statusClasses, type Compare, type Filters, type Range, type RangeName, type Span } from './filters';
import { shownServices } from './queries';

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
  const { start, end } = resolve(range);
  const later = shifted(range, 1);
  const show = (shown: Range | null) => { if (shown) onChange({ range: shown }); };
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
      <div className="ml-auto flex flex-wrap items-center gap-2">
        <button type="button" className="button" aria-label="Earlier" title="Earlier ( [ )" onClick={() => { show(shifted(range, -1)); }}>‹</button>
        <Choice<RangeName>
          label="Time range"
          value={range.kind === 'last' ? range.name : null}
          choices={rangeNames.map((name) => [name, name] as const)}
          onChange={(name) => { onChange({ range: { kind: 'last', name } }); }}
        />
        <CustomRange span={{ from: start, to: end }} isTaken={range.kind === 'custom'} onChange={(span) => { onChange({ range: { kind: 'custom', ...span } }); }} />
        <button type="button" className="button" aria-label="Later" title="Later ( ] )" disabled={later === null} onClick={() => { show(later); }}>›</button>
        <LabelledSelect
          label="Compare with"
          value={filters.compare}
          options={(Object.keys(compares) as Compare[]).map((name) => [name, name === 'none' ? 'No comparison' : `vs ${compares[name]}`] as const)}
          onChange={(value) => { onChange({ compare: value as Compare }); }}
        />
      </div>
    </div>
  );
}

function CustomRange({ span, isTaken, onChange }: { span: Span; isTaken: boolean; onChange: (span: Span) => void }) {
  const time = useTime();
  const box = useRef<HTMLDetailsElement>(null);
  // As it was when opened: a live range moves on while one types.
  const [opened, setOpened] = useState<Span | null>(null);
  const [wrong, setWrong] = useState('');
  const submit = (form: FormData) => {
    const read = (name: string) => { const value = form.get(name); return typeof value === 'string' ? time.parseInput(value) : NaN; };
    const chosen = { from: read('from'), to: read('to') };
    const problem = !(chosen.to > chosen.from) ? 'The end must be after the start.'
      : chosen.to - chosen.from > LONGEST_MS ? 'A range can be at most 400 days long.'
      : chosen.from > serverNow() ? 'The start is in the future.' : '';
    setWrong(problem);
    if (problem !== '') return;
    onChange(chosen);
    if (box.current) box.current.open = false;
  };
  return (
    <details ref={box} className="relative" onToggle={(event) => { setOpened(event.currentTarget.open ? span : null); setWrong(''); }}>
      <summary className={`button cursor-pointer list-none ${isTaken ? 'font-semibold text-ink' : ''}`}>
        {isTaken ? `${time.full(span.from)} – ${time.full(span.to)}` : 'Custom'}
      </summary>
      {opened && (
        <form
          onSubmit={(event) => { event.preventDefault(); submit(new FormData(event.currentTarget)); }}
          className="absolute right-0 z-20 mt-1 flex w-64 flex-col gap-3 rounded-md border border-line bg-card p-3 text-sm shadow-lg max-sm:right-auto max-sm:left-0"
        >
          {(['from', 'to'] as const).map((name) => (
            <label key={name} className="flex flex-col gap-1 text-xs text-ink-soft">
              {name === 'from' ? 'From' : 'To'} ({time.zone === 'UTC' ? 'UTC' : 'your time'})
              <input type="datetime-local" name={name} required defaultValue={time.input(opened[name])} className="rounded border border-line bg-surface px-2 py-1 text-sm text-ink" />
            </label>
          ))}
          {wrong !== '' && <p role="alert" className="text-xs text-bad">{wrong}</p>}
          <button type="submit" className="button justify-center font-semibold">Show</button>
        </form>
      )}
    </details>
  );
}
