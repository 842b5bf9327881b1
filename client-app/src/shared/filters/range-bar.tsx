import { useRef, useState, type ReactNode } from 'react';
import { serverNow } from '../clock';
import { Choice } from '../choice';
import { useTime } from '../time';
import { LONGEST_MS, rangeNames, resolve, shifted, type Range, type RangeName, type Span } from './filters';

interface Props {
  range: Range;
  onChange: (range: Range) => void;
  /** What follows it. */
  children?: ReactNode;
}

/** Which time a page is of. */
export function RangeBar({ range, onChange, children }: Props) {
  const { start, end } = resolve(range);
  const later = shifted(range, 1);
  const show = (shown: Range | null) => { if (shown) onChange(shown); };
  return (
    <div className="ml-auto flex flex-wrap items-center gap-2">
      <button type="button" className="button" aria-label="Earlier" title="Earlier ( [ )" onClick={() => { show(shifted(range, -1)); }}>‹</button>
      <Choice<RangeName>
        label="Time range"
        value={range.kind === 'last' ? range.name : null}
        choices={rangeNames.map((name) => [name, name] as const)}
        onChange={(name) => { onChange({ kind: 'last', name }); }}
      />
      <CustomRange span={{ from: start, to: end }} isTaken={range.kind === 'custom'} onChange={(span) => { onChange({ kind: 'custom', ...span }); }} />
      <button type="button" className="button" aria-label="Later" title="Later ( ] )" disabled={later === null} onClick={() => { show(later); }}>›</button>
      {children}
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
