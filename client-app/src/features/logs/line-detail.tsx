import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { copyText } from '../../shared/copy';
import { Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import type { Range } from '../../shared/filters/filters';
import { capturedPath } from '../../shared/filters/replay-path';
import { tracePath } from '../../shared/filters/trace-path';
import { useLinkTo } from '../../shared/filters/use-filters';
import { capturedOf, contextOf, type Line } from './lines';
import type { LogFilters, MetaFilter } from './log-filters';
import { fold, Marked, withoutColours } from './message';
import { logsPath } from './use-log-filters';

interface Props {
  line: Line;
  message: string;
  words: readonly string[];
  filters: LogFilters;
  onChange: (change: Partial<LogFilters>) => void;
}

interface Field {
  name: string;
  value: string;
  /** Adds it to what the page is of, or takes out what has it. */
  only?: Partial<LogFilters>;
  without?: Partial<LogFilters>;
}

/** So much around a line is its moment. */
const MOMENT_MS = 5 * 60_000;

export function LineDetail({ line, message, words, filters, onChange }: Props) {
  const [isAround, setIsAround] = useState(false);
  const [said, setSaid] = useState('');
  const [query] = useSearchParams();
  const linkTo = useLinkTo();
  const at = Date.parse(line.created_at);
  const moment = { kind: 'custom', from: at - MOMENT_MS, to: at + MOMENT_MS } as const;
  const endpoint = endpointOf(line);
  const toTrace = tracePath(query, line.trace_id);
  const copy = async (text: string, what: string) => { setSaid((await copyText(text)) ? `${what} copied` : 'The browser does not let this page copy'); };
  return (
    <div className="flex flex-col gap-3 border-l-4 border-transparent px-3 pt-1 pb-3 text-sm">
      <pre
        className="max-h-96 overflow-auto rounded border border-line bg-surface p-2 font-mono text-xs wrap-anywhere whitespace-pre-wrap"
        tabIndex={0}
        aria-label="Message"
      >
        <Marked text={message} words={words} />
      </pre>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button" aria-expanded={isAround} onClick={() => { setIsAround(!isAround); }}>Lines around this</button>
        <Link className="button" to={logsPath(query, { pattern: line.pattern_id })}>Same pattern</Link>
        {line.trace_id && <Link className="button" to={logsPath(query, { trace: line.trace_id, service: null })}>Same trace</Link>}
        {toTrace && <Link className="button" to={toTrace}>The trace</Link>}
        {line.trace_id && <Captured trace={line.trace_id} range={moment} />}
        {line.service && (
          <Link
            className="button"
            to={linkTo(endpoint ? '/dashboard/metrics' : '/dashboard', {
              service: line.service,
              range: moment,
              endpoint,
              method: null,
              status: null,
              country: null,
              selection: null,
            })}
          >
            {endpoint ? 'Its endpoint’s' : 'Its service’s'} metrics at that moment
          </Link>
        )}
        <button type="button" className="button" onClick={() => void copy(new URL(`/dashboard/logs?line=${line.id}`, window.location.href).toString(), 'Link')}>
          Copy link
        </button>
        <button type="button" className="button" onClick={() => void copy(JSON.stringify(line, null, 2), 'Line')}>Copy as JSON</button>
        <span role="status" className="self-center text-xs text-ink-soft">{said}</span>
      </div>
      <table aria-label="Fields" className="w-full table-fixed text-xs">
        <tbody>
          {fieldsOf(line, filters).map(({ name, value, only, without }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="w-40 truncate py-1 pr-3 text-left align-top font-medium text-ink-soft" title={name}>{name}</th>
              <td className="py-1 font-mono wrap-anywhere whitespace-pre-wrap"><Marked text={value} words={words} /></td>
              <td className="w-24 py-0.5 text-right align-top whitespace-nowrap">
                {([['with', '+', only], ['without', '−', without]] as const).map(([how, sign, change]) => change && (
                  <button
                    key={how}
                    type="button"
                    className="button ml-1"
                    aria-label={`Only lines ${how} this ${name}`}
                    title={`Only lines ${how} this`}
                    onClick={() => {
                      onChange(change);
                    }}
                  >
                    {sign}
                  </button>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isAround && <Around line={line} />}
    </div>
  );
}

/** The way to the request that wrote a line, where it was captured. */
function Captured({ trace, range }: { trace: string; range: Range }) {
  const [query] = useSearchParams();
  const { data } = useQuery(capturedOf(trace));
  return data && data.length > 0 && <Link className="button" to={capturedPath(query, { trace, range })}>Its captured request</Link>;
}

/** The endpoint that a line was written in, where its sender says so: as in "GET /orders/{id}". */
function endpointOf(line: Line): string | null {
  const meta: unknown = line.meta;
  const endpoint = meta !== null && typeof meta === 'object' && 'endpoint' in meta ? meta.endpoint : null;
  return typeof endpoint === 'string' && /^[A-Z]+ \//.test(endpoint) ? endpoint : null;
}

/** Every field of a line, those inside its meta by their path. */
function fieldsOf(line: Line, filters: LogFilters): Field[] {
  const meta = (key: string, value: string): Pick<Field, 'only' | 'without'> => {
    const others = filters.meta.filter((filter) => filter.key !== key);
    const filter = (isNegated: boolean): MetaFilter => ({ key, value, isNegated });
    return { only: { meta: [...others, filter(false)] }, without: { meta: [...others, filter(true)] } };
  };
  return [
    { name: 'time', value: line.created_at },
    { name: 'arrived', value: line.ingested_at },
    { name: 'level', value: line.level, only: { levels: [line.level] } },
    { name: 'source', value: line.source, only: { sources: [line.source] } },
    ...(line.service ? [{ name: 'service', value: line.service, only: { service: line.service } }] : []),
    { name: 'pattern', value: `${line.pattern_id}`, only: { pattern: line.pattern_id } },
    ...(line.trace_id ? [{ name: 'trace id', value: line.trace_id, only: { trace: line.trace_id } }] : []),
    ...leaves(line.meta, []).map(({ path, value, isFilterable }) => ({ name: path.join('.'), value, ...(isFilterable ? meta(path.join('.'), value) : {}) })),
  ];
}

interface Leaf {
  path: string[];
  value: string;
  /** Its path can be written down, and its value is a single one. */
  isFilterable: boolean;
}

function leaves(value: unknown, path: string[]): Leaf[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'object' && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
  }
  const isSingle = typeof value !== 'object';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isFilterable = isSingle && path.length > 0 && path.every((key) => key !== '' && !key.includes('.') && !key.includes('=') && !key.includes('__'));
  return [{ path: path.length > 0 ? path : ['meta'], value: text, isFilterable }];
}

function Around({ line }: { line: Line }) {
  const time = useTime();
  const { data, error } = useQuery(contextOf(line.id));
  if (!data) return error ? <Failed what="The lines around this" error={error} /> : <Loading what="the lines around this" />;
  return (
    <ol aria-label={`What ${line.source} wrote around this`} className="rounded border border-line bg-surface p-2 font-mono text-xs">
      {[...data.before, data.line, ...data.after].map((other) => {
        const { first, more } = fold(withoutColours(other.message));
        return (
          <li
            key={other.id}
            aria-current={other.id === line.id || undefined}
            className="flex gap-3 px-1 py-0.5 aria-[current=true]:bg-card aria-[current=true]:font-semibold"
          >
            <time dateTime={other.created_at} className="shrink-0 text-ink-soft">{time.clock(Date.parse(other.created_at))}</time>
            <span className="w-10 shrink-0 text-ink-soft">{other.level}</span>
            <span className="min-w-0 wrap-anywhere">{first}{more > 0 && ` (+${more})`}</span>
          </li>
        );
      })}
    </ol>
  );
}
