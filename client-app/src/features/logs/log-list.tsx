import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { formatCount } from '../../shared/format';
import type { Tail } from './lines';
import type { LogFilters } from './log-filters';
import { LogLine } from './log-line';

interface Props {
  tail: Tail;
  words: readonly string[];
  older: { isLoading: boolean; error: Error | null };
  onOlder: () => void;
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

const LINE_HEIGHT = 24;
/** So far from the top one still reads the newest. */
const AT_TOP = 8;
/** With so little left below, older lines are fetched. */
const NEAR_END = 40 * LINE_HEIGHT;

/**
 * The tail, the newest line first. It follows only at its top and with no line open: whoever reads further down, or in a line, finds
 * it where it was, and above it how many have come since.
 */
export function LogList({ tail, words, older, onOlder, filters, onChange }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [openId, setOpenId] = useState<number | null>(null);
  // The first line that is shown; null while it follows.
  const [heldId, setHeldId] = useState<number | null>(null);
  const held = heldId === null ? 0 : Math.max(0, tail.lines.findIndex(({ id }) => id === heldId));
  const lines = held === 0 ? tail.lines : tail.lines.slice(held);
  const firstId = lines[0]?.id ?? null;
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this render only
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 20,
  });
  const hold = () => { setHeldId((current) => current ?? firstId); };
  const follow = () => {
    setHeldId(null);
    setOpenId(null);
    box.current?.scrollTo({ top: 0 });
  };
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    if (element.scrollTop > AT_TOP) hold();
    else if (openId === null) setHeldId(null);
    if (element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END) onOlder();
  };
  // What there is may not fill the box, and then nobody scrolls.
  useEffect(() => {
    const element = box.current;
    if (element && tail.hasOlder && element.scrollHeight <= element.clientHeight) onOlder();
  });
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
      {held > 0 && (
        <button type="button" onClick={follow} className="button absolute top-2 left-1/2 z-10 -translate-x-1/2 border-accent font-semibold shadow-lg">
          ↑ {formatCount(held)} new {held === 1 ? 'line' : 'lines'}
        </button>
      )}
      <div
        ref={box}
        onScroll={onScroll}
        role="region"
        aria-label="Log lines"
        tabIndex={0}
        data-lines={tail.lines.length}
        className="h-[70vh] min-h-80 overflow-auto rounded-lg border border-line bg-surface"
      >
        <div role="list" className="relative w-full" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            return line && (
              <div
                key={key}
                role="listitem"
                data-index={index}
                ref={virtual.measureElement}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${start}px)` }}
              >
                <LogLine
                  line={line}
                  words={words}
                  isOpen={line.id === openId}
                  onToggle={() => { hold(); setOpenId(line.id === openId ? null : line.id); }}
                  filters={filters}
                  onChange={onChange}
                />
              </div>
            );
          })}
        </div>
        {older.error && (
          <p role="alert" className="p-2 text-center text-xs text-bad">
            Older lines cannot be loaded: {older.error.message}.{' '}
            <button type="button" className="underline" onClick={onOlder}>
              Try again
            </button>
          </p>
        )}
        {older.isLoading && <p role="status" className="p-2 text-center text-xs text-ink-soft">Loading older lines…</p>}
      </div>
    </div>
  );
}
