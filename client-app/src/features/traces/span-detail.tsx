import { Link, useSearchParams } from 'react-router';
import type { Schemas } from '../../shared/api';
import { Card } from '../../shared/card';
import { useLinkTo } from '../../shared/filters/use-filters';
import { formatLatency } from '../../shared/format';
import { useTime } from '../../shared/time';
import { levelColor } from '../logs/levels';
import { fold, withoutColours } from '../logs/message';
import { readTraceFilters, withAttribute, writeTraceFilters } from './trace-filters';
import { spanOf, type Node, type Waterfall } from './waterfall';

interface Props {
  node: Node;
  fall: Waterfall;
  /** When the trace began. */
  begin: string;
  lines: readonly Schemas['LogRow'][];
  onClose: () => void;
}

const MOMENT_MS = 15 * 60_000;

/** One span: what it says of itself, its events, what was logged in it. */
export function SpanDetail({ node: { span, self, start }, fall, begin, lines, onClose }: Props) {
  const time = useTime();
  const linkTo = useLinkTo();
  const at = Date.parse(span.timestamp);
  const moment = { kind: 'custom' as const, from: at - MOMENT_MS, to: at + MOMENT_MS };
  const facts: [string, string | number | null][] = [
    ['Service', span.service], ['Kind', span.kind], ['Endpoint', span.endpoint], ['Took', formatLatency(span.duration)],
    ['Of its own', formatLatency(self)], ['Began', `${time.clock(at)}, ${formatLatency(start)} after the trace`],
    ['Status', span.status], ['HTTP status', span.status_code], ['Library', span.scope], ['Span', span.span_id], ['Parent', span.parent_span_id],
    ['Trace state', span.trace_state],
  ];
  const own = lines.filter((line) => spanOf(line, fall) === span.span_id);
  return (
    <Card
      title={span.name}
      className="min-w-0 border-accent xl:sticky xl:top-14 xl:max-h-[80vh] xl:overflow-auto"
      actions={<button type="button" className="button" aria-label="Close this span" onClick={onClose}>×</button>}
    >
      <div className="flex flex-col gap-3">
        {span.status_message && <p className="text-xs wrap-anywhere text-bad">{span.status_message}</p>}
        <dl className="grid gap-x-6 gap-y-1 text-xs sm:grid-cols-2">
          {facts.filter(([, value]) => value !== null).map(([name, value]) => (
            <div key={name} className="flex gap-2">
              <dt className="w-20 shrink-0 text-ink-soft">{name}</dt>
              <dd className="min-w-0 wrap-anywhere">{value}</dd>
            </div>
          ))}
        </dl>
        {span.endpoint && (
          <div>
            <Link
              className="button"
              to={linkTo('/dashboard/metrics', {
                service: span.service, endpoint: span.endpoint, range: moment, method: null, status: null, country: null, selection: null,
              })}
            >
              Its endpoint’s figures at that moment
            </Link>
          </div>
        )}
        <Attributes name="Attributes" prefix="attributes" pairs={pairsOf(span.attributes)} />
        <Events events={span.events} begin={begin} />
        {own.length > 0 && (
          <section aria-label="Its log lines">
            <h3 className="pb-1 text-xs text-ink-soft">Log lines</h3>
            <ol className="font-mono text-xs">
              {own.map((line) => (
                <li key={line.id}>
                  <Link
                    to={`/dashboard/logs?${new URLSearchParams({ trace: span.trace_id, line: `${line.id}` })}`}
                    className="flex gap-2 border-l-4 px-2 py-0.5 hover:bg-surface"
                    style={{ borderLeftColor: levelColor[line.level] }}
                  >
                    <span className="w-10 shrink-0 text-ink-soft">{line.level}</span>
                    <span className="min-w-0 wrap-anywhere">{fold(withoutColours(line.message)).first}</span>
                  </Link>
                </li>
              ))}
            </ol>
          </section>
        )}
        <Links links={span.links} />
        <Attributes name="Resource" prefix="resource" pairs={pairsOf(span.resource)} />
        <Attributes name="Library" prefix={null} pairs={pairsOf(span.scope_attributes)} />
      </div>
    </Card>
  );
}

function pairsOf(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([name, one]) => [name, typeof one === 'string' ? one : JSON.stringify(one)]);
}

/** Names break at their dots and underscores before they do within a word. */
const breakable = (name: string) => name.replaceAll(/[._]/g, '$&\u200b');

/** @param prefix As filters call it; null where there is none. */
function Attributes({ name, prefix, pairs }: { name: string; prefix: string | null; pairs: [string, string][] }) {
  const [query] = useSearchParams();
  if (pairs.length === 0) return null;
  return (
    <table aria-label={name} className="w-full table-fixed text-xs">
      <caption className="pb-1 text-left text-ink-soft">{name}</caption>
      <tbody>
        {pairs.map(([key, value]) => (
          <tr key={key} className="border-t border-line align-top">
            <th scope="row" className="w-2/6 py-1 pr-3 text-left font-medium wrap-anywhere text-ink-soft">{breakable(key)}</th>
            <td className="py-1 font-mono wrap-anywhere whitespace-pre-wrap">{value}</td>
            {prefix && (
              <td className="w-8 py-0.5 text-right">
                <Link
                  className="button"
                  aria-label={`Spans with this ${key}`}
                  title="Spans with this"
                  to={`/dashboard/traces?${writeTraceFilters(query, withAttribute(readTraceFilters(query), `${prefix}.${key}=${value}`))}`}
                >
                  +
                </Link>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Events({ events, begin }: { events: unknown; begin: string }) {
  if (!Array.isArray(events) || events.length === 0) return null;
  return (
    <section aria-label="Events" className="flex flex-col gap-1">
      <h3 className="text-xs text-ink-soft">Events</h3>
      {(events as { name: string; timestamp: string; attributes: Record<string, unknown> }[]).map(({ name, timestamp, attributes }, index) => {
        const { 'exception.stacktrace': stack, ...others } = attributes;
        return (
          <details key={index} className="rounded border border-line px-2 py-1 text-xs" open={name === 'exception'}>
            <summary className="cursor-pointer">
              {name} <span className="text-ink-soft">after {formatLatency(Math.max(0, Date.parse(timestamp) - Date.parse(begin)))}</span>
            </summary>
            <Attributes name={`Attributes of ${name}`} prefix={null} pairs={pairsOf(others)} />
            {typeof stack === 'string' && (
              <pre tabIndex={0} aria-label="Stack trace" className="mt-1 max-h-60 overflow-auto text-[11px] wrap-anywhere whitespace-pre-wrap">{stack}</pre>
            )}
          </details>
        );
      })}
    </section>
  );
}

function Links({ links }: { links: unknown }) {
  const [query] = useSearchParams();
  if (!Array.isArray(links) || links.length === 0) return null;
  return (
    <section aria-label="Links">
      <h3 className="pb-1 text-xs text-ink-soft">Links</h3>
      <ul className="text-xs">
        {(links as { trace_id: string; span_id: string; attributes?: Record<string, unknown> }[]).map(({ trace_id, span_id, attributes }, index) => {
          const to = new URLSearchParams(query);
          to.set('trace', trace_id);
          to.set('span', span_id);
          return (
            <li key={index}>
              <Link className="font-mono underline" to={`/dashboard/traces?${to}`}>{trace_id}</Link>
              <Attributes name={`Attributes of link ${index + 1}`} prefix={null} pairs={pairsOf(attributes)} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
