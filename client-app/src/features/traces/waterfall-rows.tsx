import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react';
import type { Schemas } from '../../shared/api';
import { formatCount, formatLatency } from '../../shared/format';
import { groupBy } from '../../shared/group-by';
import { levelColor } from '../logs/levels';
import { serviceColor } from './colors';
import { shownOf, spanOf, type Node, type SpanRow, type Waterfall } from './waterfall';

interface Props {
  fall: Waterfall;
  folded: ReadonlySet<number>;
  onFold: (span: number) => void;
  /** Those that fit what is looked for; null while nothing is. */
  hits: ReadonlySet<number> | null;
  lines: readonly Schemas['LogRow'][];
  open: number | null;
  onOpen: (span: SpanRow | null) => void;
}

const ROW = 26;
const INDENT = 12;
const MOST_INDENT = 14; // levels; deeper ones stand below each other
const TICKS = 4;

/** The spans of a trace below each other, each where it was in time. Arrow keys go from one to the next, left and right fold. */
export function WaterfallRows({ fall, folded, onFold, hits, lines, open, onOpen }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const shown = shownOf(fall.nodes, folded);
  const linesBySpan = useMemo(() => groupBy(lines, (line) => spanOf(line, fall)), [lines, fall]);
  const openAt = shown.findIndex(({ span }) => span.id === open);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this render only
  const virtual = useVirtualizer({
    count: shown.length, getScrollElement: () => box.current, estimateSize: () => ROW, getItemKey: (index) => shown[index]?.span.id ?? index, overscan: 15,
  });
  const scrollTo = useRef(virtual.scrollToIndex);
  useEffect(() => { scrollTo.current = virtual.scrollToIndex; });
  useEffect(() => {
    if (openAt >= 0) scrollTo.current(openAt);
  }, [openAt]);
  const onKey = (event: KeyboardEvent) => {
    const node = shown[openAt];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) onOpen(shown[Math.max(0, Math.min(shown.length - 1, openAt + step))]?.span ?? null);
    else if (event.key === 'ArrowLeft' && node && node.children.length > 0 && !folded.has(node.span.id)) onFold(node.span.id);
    else if (event.key === 'ArrowRight' && node && folded.has(node.span.id)) onFold(node.span.id);
    else if (event.key === 'Escape') onOpen(null);
    else return;
    event.preventDefault();
  };
  return (
    <div className="min-w-0">
      <div aria-hidden="true" className="flex border-b border-line pb-1 text-[11px] text-ink-soft">
        <span className="w-2/5 shrink-0">Span</span>
        <span className="relative h-4 flex-1">
          {Array.from({ length: TICKS + 1 }, (_, i) => (
            <span
              key={i}
              className={`absolute whitespace-nowrap ${i % 2 === 0 ? '' : 'max-sm:hidden'}`}
              style={{ left: `${(i / TICKS) * 100}%`, transform: i === 0 ? undefined : i === TICKS ? 'translateX(-100%)' : 'translateX(-50%)' }}
            >
              {formatLatency((fall.length * i) / TICKS)}
            </span>
          ))}
        </span>
      </div>
      <div
        ref={box}
        role="tree"
        aria-label="Spans of the trace"
        tabIndex={0}
        aria-activedescendant={virtual.getVirtualItems().some(({ index }) => index === openAt) ? `span-${open}` : undefined}
        onKeyDown={onKey}
        data-spans={shown.length}
        className="max-h-[70vh] overflow-auto"
      >
        <div role="presentation" className="relative w-full" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const node = shown[index];
            return node && (
              <Row
                key={key}
                node={node}
                length={fall.length}
                top={start}
                place={[index + 1, shown.length]}
                isOpen={node.span.id === open}
                isFolded={folded.has(node.span.id)}
                isFaint={hits !== null && !hits.has(node.span.id)}
                lines={linesBySpan.get(node.span.span_id) ?? []}
                onFold={() => { onFold(node.span.id); }}
                onOpen={() => { onOpen(node.span.id === open ? null : node.span); }}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  node: Node;
  length: number;
  top: number;
  /** Which of how many. */
  place: readonly [number, number];
  isOpen: boolean;
  isFolded: boolean;
  isFaint: boolean;
  lines: readonly Schemas['LogRow'][];
  onFold: () => void;
  onOpen: () => void;
}

function Row({ node, length, top, place, isOpen, isFolded, isFaint, lines, onFold, onOpen }: RowProps) {
  const { span, depth, children, start, end, critical, isOrphan } = node;
  const part = (ms: number) => `${length === 0 ? 0 : (ms / length) * 100}%`;
  const color = serviceColor(span.service);
  const isLate = start > length * 0.7; // then there is room before it alone
  return (
    // Keys are taken by the tree, which has the focus.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- see above
    <div
      id={`span-${span.id}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={place[0]}
      aria-setsize={place[1]}
      aria-selected={isOpen}
      aria-expanded={children.length > 0 ? !isFolded : undefined}
      onClick={onOpen}
      className={`absolute top-0 left-0 flex w-full cursor-pointer items-center text-xs ${isOpen ? 'bg-surface outline outline-accent' : 'hover:bg-surface'}
        ${isFaint ? 'opacity-35' : ''}`}
      style={{ height: ROW, transform: `translateY(${top}px)` }}
    >
      <span className="flex w-2/5 min-w-0 shrink-0 items-center gap-1 pr-2" style={{ paddingLeft: Math.min(depth, MOST_INDENT) * INDENT }}>
        {children.length > 0
          ? (
            // By keys left and right do it.
            <span aria-hidden="true" className="w-4 shrink-0 text-center text-ink-soft" onClick={(event) => { event.stopPropagation(); onFold(); }}>
              {isFolded ? '▸' : '▾'}
            </span>
          )
          : <span aria-hidden="true" className="w-4 shrink-0" />}
        <span aria-hidden="true" className="h-3.5 w-1 shrink-0 rounded-sm" style={{ background: color }} />
        <span className={`min-w-0 truncate ${span.status === 'error' ? 'text-bad' : ''}`} title={`${span.service}: ${span.name}`}>
          <span className="sr-only">{span.service}: </span>{isOrphan && <span title="Its parent did not come">⋯ </span>}{span.name}
          {span.status === 'error' && <span className="sr-only">, error</span>}
        </span>
        {isFolded && <span className="shrink-0 text-ink-soft">+{formatCount(below(node))}</span>}
      </span>
      <span className="relative h-full flex-1">
        <span
          className="absolute top-1.5 bottom-1.5 rounded-sm"
          style={{ left: part(start), width: `max(2px, ${part(end - start)})`, background: color, opacity: 0.55 }}
        />
        {critical.map(({ from, to }) => (
          <span key={from} className="absolute bottom-1 h-[3px] bg-ink" style={{ left: part(from), width: `max(1px, ${part(to - from)})` }} />
        ))}
        {span.status === 'error' && <span aria-hidden="true" className="absolute top-1 text-bad" style={{ left: part(start) }}>!</span>}
        {lines.map((line) => (
          <span
            key={line.id}
            className="absolute top-0.5 size-1.5 rounded-full"
            style={{ left: part(Math.max(0, Math.min(length, atOf(line, node)))), background: levelColor[line.level] }}
            title={line.message}
          />
        ))}
        <span
          className="absolute top-1/2 -translate-y-1/2 rounded-sm bg-card/80 px-1 text-[11px] text-ink"
          style={isLate ? { right: `calc(100% - ${part(start)})` } : { left: `min(calc(100% - 4.5rem), ${part(end)})` }}
        >
          {formatLatency(span.duration)}
        </span>
      </span>
    </div>
  );
}

/** When a line was written, in ms since the trace began. */
const atOf = (line: Schemas['LogRow'], { span, start }: Node) => Date.parse(line.created_at) - Date.parse(span.timestamp) + start;

function below(node: Node): number {
  let count = 0;
  const stack = [...node.children];
  for (let next = stack.pop(); next; next = stack.pop()) {
    count++;
    stack.push(...next.children);
  }
  return count;
}
