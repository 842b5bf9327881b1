import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { getJson } from '../../shared/api';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { copyText } from '../../shared/copy';
import { tracePath } from '../../shared/filters/trace-path';
import { useLinkTo } from '../../shared/filters/use-filters';
import { formatCountry, formatLatency } from '../../shared/format';
import { Popover } from '../../shared/popover';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { levelColor } from '../logs/levels';
import { fold, withoutColours } from '../logs/message';
import { logsPath } from '../logs/use-log-filters';
import { asCSharp, asCurl, asFetch, asHar, asHttp } from './copy-as';
import { EndpointChart } from './endpoint-chart';
import { BodyView, Found } from './json-view';
import { headersOf } from './message';
import { request as one, type CapturedRequest } from './queries';
import { replayPath } from './replay-filters';
import { ReplayPanel, unseen } from './replay-panel';
import { StatusCode } from './status-code';

const tabs = [['request', 'Request'], ['answer', 'Answer'], ['logs', 'Log lines'], ['about', 'About'], ['replay', 'Replay']] as const;
export type Tab = (typeof tabs)[number][0];

export const readTab = (name: string | null): Tab => tabs.find(([tab]) => tab === name)?.[0] ?? 'request';

interface Props {
  id: number;
  tab: Tab;
  onTab: (tab: Tab) => void;
  onClose: () => void;
}

/** One captured request: what was sent, what was answered, what it logged; and the way to send it again. */
export function RequestDetail({ id, tab, onTab, onClose }: Props) {
  const { data, error } = useQuery(one(id));
  return (
    <Card
      title={data ? `${data.method} ${data.path}` : `Request ${id}`}
      note={data && <><StatusCode status={data.status_code} /> after {formatLatency(data.duration)}</>}
      className="border-accent"
      actions={
        <>
          {data && <CopyAs request={data} />}
          <button type="button" className="button" aria-label="Close this request" onClick={onClose}>×</button>
        </>
      }
    >
      {!data ? error ? <Failed what={`Request ${id}`} error={error} /> : <Loading what="the request" /> : (
        <div className="flex flex-col gap-3">
          <div><Choice<Tab> label="Show of this request" value={tab} choices={tabs} onChange={onTab} /></div>
          {data.error && tab !== 'about' && (
            <pre tabIndex={0} aria-label="Exception" className="max-h-32 overflow-auto text-xs wrap-anywhere whitespace-pre-wrap text-bad">{data.error}</pre>
          )}
          {tab === 'request' && <Message request={data} isAnswer={false} />}
          {tab === 'answer' && <Message request={data} isAnswer />}
          {tab === 'logs' && <Lines request={data} />}
          {tab === 'about' && <About request={data} />}
          {tab === 'replay' && <ReplayPanel key={data.id} request={data} />}
        </div>
      )}
    </Card>
  );
}

function Message({ request, isAnswer }: { request: CapturedRequest; isAnswer: boolean }) {
  const headers = headersOf(isAnswer ? request.response_headers : request.headers);
  return (
    <div className="flex flex-col gap-3">
      {!isAnswer && request.query_string !== '' && <Pairs name="Query" pairs={[...new URLSearchParams(request.query_string)]} />}
      <BodyView
        name={isAnswer ? 'Body of the answer' : 'Body'}
        body={isAnswer ? request.response_body : request.body}
        isCut={isAnswer ? request.response_body_truncated : request.body_truncated}
        none={isAnswer ? unseen(request) : undefined}
        raw={isAnswer ? request.raw_response_body : request.raw_body}
      />
      <Pairs name="Headers" pairs={headers} />
    </div>
  );
}

function Pairs({ name, pairs }: { name: string; pairs: [string, string][] }) {
  if (pairs.length === 0) return <p className="text-xs text-ink-soft">No {name.toLowerCase()}.</p>;
  return (
    <table aria-label={name} className="w-full table-fixed text-xs">
      <caption className="pb-1 text-left text-ink-soft">{name}</caption>
      <tbody>
        {pairs.map(([key, value], index) => (
          <tr key={`${key} ${index}`} className="border-t border-line align-top">
            <th scope="row" className="w-2/6 py-1 pr-3 text-left font-medium wrap-anywhere text-ink-soft">{key}</th>
            <td className="py-1 font-mono wrap-anywhere"><Found text={value} search="" /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const MOST_LINES = 200;

function Lines({ request }: { request: CapturedRequest }) {
  const time = useTime();
  const [query] = useSearchParams();
  const { trace_id: trace } = request;
  const { data, error } = useQuery({
    queryKey: ['logs', 'of-trace', trace],
    queryFn: async ({ signal }) =>
      (await getJson('/logs', { trace_id: trace, limit: MOST_LINES, order_by: 'created_at', order: 'asc' }, signal)).data,
    enabled: trace !== null,
  });
  if (trace === null) return <Empty>This request has no trace id, by which its log lines are found.</Empty>;
  if (!data) return error ? <Failed what="Its log lines" error={error} /> : <Loading what="its log lines" />;
  if (data.length === 0) return <Empty>No log line has its trace id.</Empty>;
  return (
    <>
      <ol aria-label="Its log lines" className="font-mono text-xs">
        {data.map((line) => (
          <li key={line.id}>
            <Link
              to={`${logsPath(query, { trace, service: null })}&line=${line.id}`}
              className="flex gap-3 border-l-4 px-2 py-0.5 hover:bg-surface"
              style={{ borderLeftColor: levelColor[line.level] }}
            >
              <time dateTime={line.created_at} className="shrink-0 text-ink-soft">{time.clock(Date.parse(line.created_at))}</time>
              <span className="w-10 shrink-0 text-ink-soft">{line.level}</span>
              <span className="min-w-0 wrap-anywhere">{fold(withoutColours(line.message)).first}</span>
            </Link>
          </li>
        ))}
      </ol>
      <div><Link className="button" to={logsPath(query, { trace, service: null })}>All of this trace in the logs</Link></div>
    </>
  );
}

// The shapes of all countries: only where there is a place to show.
const GeoMap = lazy(() => import('./geo-map').then((module) => ({ default: module.GeoMap })));

const MOMENT_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

function About({ request }: { request: CapturedRequest }) {
  const time = useTime();
  const linkTo = useLinkTo();
  const [query] = useSearchParams();
  const at = Date.parse(request.timestamp);
  const moment = {
    kind: 'custom' as const, from: Math.floor((at - MOMENT_MS) / MINUTE_MS) * MINUTE_MS, to: Math.ceil((at + MOMENT_MS) / MINUTE_MS) * MINUTE_MS,
  };
  const minute = { from: Math.floor(at / MINUTE_MS) * MINUTE_MS, to: (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS };
  const toTrace = tracePath(query, request.trace_id);
  const place = [request.geo_city, request.geo_region, request.geo_country && formatCountry(request.geo_country)].filter(Boolean).join(', ');
  const facts: [string, React.ReactNode][] = [
    ['Began', time.full(at)],
    ['Took', formatLatency(request.duration)],
    ['Service', request.service],
    ['Endpoint', request.endpoint],
    ['Version', request.version],
    ['Stage', request.stage],
    ['User', request.user_id],
    ['Trace', request.trace_id],
    ['Came from', place === '' ? null : `${place} (told by ${request.geo_source})`],
    ['Address', request.client_address],
    ['Arrived', time.full(Date.parse(request.ingested_at))],
  ];
  return (
    <>
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-2">
        {facts.filter(([, value]) => value !== null && value !== '').map(([name, value]) => (
          <div key={name} className="flex gap-2"><dt className="w-20 shrink-0 text-ink-soft">{name}</dt><dd className="min-w-0 wrap-anywhere">{value}</dd></div>
        ))}
      </dl>
      {request.error && (
        <pre tabIndex={0} aria-label="Exception" className="max-h-60 overflow-auto rounded-md bg-surface p-2 text-xs whitespace-pre-wrap wrap-anywhere">
          {request.error}
        </pre>
      )}
      <EndpointChart request={request} />
      {place !== '' && (
        <Suspense fallback={<Loading what="the map" />}>
          <GeoMap country={request.geo_country} latitude={request.geo_lat} longitude={request.geo_lon} />
        </Suspense>
      )}
      <div className="flex flex-wrap gap-2">
        <Link
          className="button"
          to={linkTo('/dashboard/metrics', {
            service: request.service, endpoint: request.endpoint, range: moment, selection: minute, method: null, status: null, country: null,
          })}
        >
          Its endpoint’s figures at that moment
        </Link>
        {toTrace && <Link className="button" to={toTrace}>The trace</Link>}
        <Link className="button" to={replayPath(query, { service: request.service, endpoint: request.endpoint })}>Others of this endpoint</Link>
      </div>
    </>
  );
}

const kinds = [['curl', asCurl], ['HTTP file', asHttp], ['fetch', asFetch], ['C#', asCSharp], ['HAR', (request: CapturedRequest) => asHar([request])]] as const;

function CopyAs({ request }: { request: CapturedRequest }) {
  const [isOpen, setOpen] = useState(false);
  const [said, setSaid] = useState('');
  return (
    <>
      <Popover
        name={said || 'Copy'}
        label="Copy this request"
        isOpen={isOpen}
        onOpen={(next) => { setOpen(next); if (next) setSaid(''); }}
        inside="w-36 p-1 text-xs"
      >
        {kinds.map(([name, make]) => (
          <button
            key={name}
            type="button"
            className="menu-item"
            onClick={() => {
              setOpen(false);
              void copyText(make(request)).then((isCopied) => { setSaid(isCopied ? `Copied as ${name}` : 'The browser does not let this page copy'); });
            }}
          >
            As {name}
          </button>
        ))}
      </Popover>
      <span role="status" className="sr-only">{said}</span>
    </>
  );
}
