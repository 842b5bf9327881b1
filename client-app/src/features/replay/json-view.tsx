import { useState } from 'react';
import { markedParts } from './message';

interface Props {
  name: string;
  body: unknown;
  isCut: boolean;
  /** As it was sent, character by character, where that is known. */
  raw?: string | null | undefined;
  /** Why there is no body, where that is known. */
  none?: string | undefined;
}

const OPEN_DEPTH = 3;
const MOST_SHOWN = 500; // children of one node

/** A body: JSON as a tree that folds, anything else as a text; either can be searched. */
export function BodyView({ name, body, isCut, raw, none }: Props) {
  const [search, setSearch] = useState('');
  const [isRaw, setRaw] = useState(false);
  const shown = isRaw && raw ? raw : body;
  if (body === null || body === undefined) return <p className="text-sm text-ink-soft">{none ?? `No body${isCut ? ' was read' : ''}.`}</p>;
  return (
    <section aria-label={name} className="flex flex-col gap-1">
      <div className="flex flex-wrap items-center gap-2">
        {isCut && <span className="text-xs text-warn">cut, or no text</span>}
        {raw && typeof body !== 'string' && (
          <label className="flex items-center gap-1 text-xs text-ink-soft">
            <input type="checkbox" checked={isRaw} onChange={(event) => { setRaw(event.target.checked); }} /> as it was sent
          </label>
        )}
        <input
          type="search"
          aria-label={`Find in the ${name.toLowerCase()}`}
          placeholder="Find"
          value={search}
          onChange={(event) => { setSearch(event.target.value); }}
          className="ml-auto w-40 rounded-md border border-line bg-surface px-2 py-1 text-xs"
        />
      </div>
      <div
        tabIndex={0}
        role="region"
        aria-label={`${name}, scrollable`}
        className="max-h-[28rem] overflow-auto rounded-md border border-line bg-surface p-2 font-mono text-xs wrap-anywhere whitespace-pre-wrap"
      >
        {typeof shown === 'string' ? <Found text={shown} search={search} /> : <Node key={search} label={null} value={shown} depth={0} search={search} />}
      </div>
    </section>
  );
}

interface NodeProps {
  label: string | null;
  value: unknown;
  depth: number;
  search: string;
}

function Node({ label, value, depth, search }: NodeProps) {
  const name = label !== null && <span className="text-ink-soft"><Found text={label} search={search} />: </span>;
  if (value === null || typeof value !== 'object') {
    return <div style={{ paddingLeft: depth > 0 ? '1rem' : 0 }}>{name}<Found text={JSON.stringify(value)} search={search} /></div>;
  }

  const children: [string | null, unknown][] = Array.isArray(value) ? value.map((one: unknown) => [null, one]) : Object.entries(value);
  const [opening, closing] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (children.length === 0) return <div style={{ paddingLeft: depth > 0 ? '1rem' : 0 }}>{name}{opening}{closing}</div>;
  return (
    <details open={depth < OPEN_DEPTH || (search !== '' && has(value, search.toLowerCase()))} style={{ paddingLeft: depth > 0 ? '1rem' : 0 }}>
      <summary className="cursor-pointer list-none hover:bg-card">
        <span aria-hidden="true" className="inline-block text-ink-soft [details[open]>summary>&]:rotate-90">▸</span>{' '}
        {name}{opening}<span className="text-ink-soft"> {children.length} </span>{closing}
      </summary>
      {children.slice(0, MOST_SHOWN).map(([key, child], index) => (
        <Node key={key ?? index} label={key} value={child} depth={depth + 1} search={search} />
      ))}
      {children.length > MOST_SHOWN && <div className="pl-4 text-ink-soft">… and {children.length - MOST_SHOWN} more</div>}
    </details>
  );
}

function has(value: unknown, search: string): boolean {
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).some(([key, inner]) => (!Array.isArray(value) && key.toLowerCase().includes(search)) || has(inner, search));
  }
  return String(value).toLowerCase().includes(search);
}

/** A text with what stands for secrets and what was looked for set apart. */
export function Found({ text, search }: { text: string; search: string }) {
  return markedParts(text).map((part, index) =>
    part.isMark ? <span key={index} title="A secret of that many characters was here" className="rounded bg-line px-1 text-ink-soft">{part.text}</span>
      : search === '' ? <span key={index}>{part.text}</span>
      : <Highlighted key={index} text={part.text} search={search} />);
}

function Highlighted({ text, search }: { text: string; search: string }) {
  const [lower, wanted] = [text.toLowerCase(), search.toLowerCase()];
  const parts: React.ReactNode[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at} className="bg-(--mark) text-inherit">{text.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return <>{parts}{text.slice(from)}</>;
}
