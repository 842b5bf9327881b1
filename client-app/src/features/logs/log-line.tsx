import { useTime } from '../../shared/time';
import { levelColor } from './levels';
import type { Line } from './lines';
import { LineDetail } from './line-detail';
import type { LogFilters } from './log-filters';
import { fold, Marked, withoutColours } from './message';
import { usePreferences } from './preferences';

interface Props {
  line: Line;
  words: readonly string[];
  isOpen: boolean;
  onToggle: () => void;
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

const severe = { warn: 'text-warn', error: 'text-bad', fatal: 'text-bad font-semibold' } as Partial<Record<Line['level'], string>>;

/** A line of the tail; opened, everything that is known of it. */
export function LogLine({ line, words, isOpen, onToggle, filters, onChange }: Props) {
  const time = useTime();
  const { columns, isWrapped } = usePreferences();
  const message = withoutColours(line.message);
  const { first, more } = fold(message);
  const cell = 'shrink-0 truncate text-ink-soft';
  return (
    <div className={isOpen ? 'border-y border-line bg-card' : undefined}>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className="flex w-full cursor-pointer items-baseline gap-3 border-l-4 px-2 py-0.5 text-left font-mono text-xs leading-5 hover:bg-card"
        style={{ borderLeftColor: levelColor[line.level] }}
      >
        <time dateTime={line.created_at} title={`${line.created_at}, arrived ${line.ingested_at}`} className="shrink-0 text-ink-soft">
          {time.clock(Date.parse(line.created_at))}<span className="max-sm:hidden">.{line.created_at.slice(20, 23)}</span>
        </time>
        {columns.includes('level') && <span className={`w-10 shrink-0 ${severe[line.level] ?? 'text-ink-soft'}`}>{line.level}</span>}
        {columns.includes('source') && <span className={`w-24 max-sm:hidden ${cell}`} title={line.source}><Marked text={line.source} words={words} /></span>}
        {columns.includes('service') && <span className={`w-24 max-sm:hidden ${cell}`} title={line.service ?? ''}>{line.service}</span>}
        {columns.includes('trace') && <span className={`w-24 max-sm:hidden ${cell}`} title={line.trace_id ?? ''}>{line.trace_id}</span>}
        <span className={`min-w-0 flex-1 ${isWrapped ? 'wrap-anywhere whitespace-pre-wrap' : 'truncate'}`}>
          <Marked text={first} words={words} />
          {first === '' && <span className="text-ink-soft">(empty)</span>}
        </span>
        {more > 0 && <span className="shrink-0 rounded bg-surface px-1 text-ink-soft">+{more} {more === 1 ? 'line' : 'lines'}</span>}
      </button>
      {isOpen && <LineDetail line={line} message={message} words={words} filters={filters} onChange={onChange} />}
    </div>
  );
}
