import { useState } from 'react';
import { serverNow } from '../clock';
import { Choice } from '../choice';
import { Popover } from '../popover';
import { useTime } from '../time';
import { useIsAtLeast } from '../use-media';
import { LONGEST_MS, rangeNames, resolve, shifted, type Range, type RangeName, type Span } from './filters';

interface Props {
  range: Range;
  onChange: (range: Range) => void;
}

/** Which time a page is of; behind one button where there is little room. */
export function RangeBar({ range, onChange }: Props) {
  const hasRoom = useIsAtLeast('medium');
  const time = useTime();
  const [isOpen, setOpen] = useState(false);
  const { start, end } = resolve(range);
  const name = range.kind === 'custom' ? `${time.full(start)} – ${time.full(end)}` : null;
  const custom = (onDone: () => void) => (
    <CustomRange
      span={{ from: start, to: end }}
      onChange={(span) => {
        onChange({ kind: 'custom', ...span });
        onDone();
      }}
    />
  );
  const close = () => { setOpen(false); };
  if (hasRoom) {
    return (
      <div className="flex flex-wrap items-center gap-2">
        <Steps range={range} onChange={onChange}>
          <Popover name={name ?? 'Custom'} isOpen={isOpen} onOpen={setOpen} className={`button ${name ? 'font-semibold' : ''}`} inside="w-64 p-3">
            {custom(close)}
          </Popover>
        </Steps>
      </div>
    );
  }
  return (
    <Popover
      name={name ? 'Custom' : `Last ${range.kind === 'last' ? range.name : ''}`}
      title={name ?? 'Time range'}
      isOpen={isOpen}
      onOpen={setOpen}
      inside="w-80 gap-3 p-3"
    >
      <div className="flex items-center justify-between gap-1"><Steps range={range} onChange={onChange} /></div>
      {custom(close)}
    </Popover>
  );
}

function Steps({ range, onChange, children }: Props & { children?: React.ReactNode }) {
  const later = shifted(range, 1);
  const show = (shown: Range | null) => { if (shown) onChange(shown); };
  return (
    <>
      <button type="button" className="button" aria-label="Earlier" title="Earlier ( [ )" onClick={() => { show(shifted(range, -1)); }}>‹</button>
      <Choice<RangeName>
        label="Time range"
        value={range.kind === 'last' ? range.name : null}
        choices={rangeNames.map((name) => [name, name] as const)}
        onChange={(name) => { onChange({ kind: 'last', name }); }}
      />
      {children}
      <button type="button" className="button" aria-label="Later" title="Later ( ] )" disabled={later === null} onClick={() => { show(later); }}>›</button>
    </>
  );
}

function CustomRange({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  const time = useTime();
  // As it was when opened: a live range moves on while one types.
  const [opened] = useState(span);
  const [wrong, setWrong] = useState('');
  const submit = (form: FormData) => {
    const read = (name: string) => { const value = form.get(name); return typeof value === 'string' ? time.parseInput(value) : NaN; };
    const chosen = { from: read('from'), to: read('to') };
    const problem = !(chosen.to > chosen.from) ? 'The end must be after the start.'
      : chosen.to - chosen.from > LONGEST_MS ? 'A range can be at most 400 days long.'
      : chosen.from > serverNow() ? 'The start is in the future.' : '';
    setWrong(problem);
    if (problem === '') onChange(chosen);
  };
  return (
    <form className="flex flex-col gap-3 text-sm" onSubmit={(event) => { event.preventDefault(); submit(new FormData(event.currentTarget)); }}>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} className="flex flex-col gap-1 text-xs text-ink-soft">
          {name === 'from' ? 'From' : 'To'} ({time.zone === 'UTC' ? 'UTC' : 'your time'})
          <input
            type="datetime-local"
            name={name}
            required
            defaultValue={time.input(opened[name])}
            className="rounded border border-line bg-surface px-2 py-1 text-sm text-ink"
          />
        </label>
      ))}
      {wrong !== '' && <p role="alert" className="text-xs text-bad">{wrong}</p>}
      <button type="submit" className="button justify-center font-semibold">Show</button>
    </form>
  );
}
