import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatChange, formatCountry, formatCount, formatDelta, formatLatency, formatTimeDelta, formatLength, formatRate } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { deploys } from '../deploys/queries';
import { LogChanges } from '../logs/log-changes';
import { RecentRequests } from '../replay/recent-requests';
import { anyRequest } from '../replay/replay-filters';
import { ExampleTraces } from '../traces/example-traces';
import { SpanChanges } from '../traces/span-changes';
import { anySpan } from '../traces/trace-filters';
import type { ChangePart, Changes, Comparison } from './figures';
import { comparedStart, compares, type Filters, type Span } from '../../shared/filters/filters';
import { changes, changesQuery, type ChangeBy } from './queries';
import { statusColor } from './series';
import { useLinkTo } from '../../shared/filters/use-filters';
import { whatMoved } from './what-moved';

interface Props {
  filters: Filters;
  span: Span;
  onChange: (change: Partial<Filters>) => void;
}

/** A deploy this long before a span may be what changed it. */
const SUSPECT_MS = 15 * 60_000;

const choices = [['traffic', 'Requests'], ['errors', 'Errors'], ['latency', 'Latency']] as const;

const unitOf = { traffic: 'requests', errors: 'errors', latency: 'time taken beyond what as many requests took before' } as const satisfies Record<
  ChangeBy,
  string
>;

/** Where what a span is set beside begins; null for just before it. */
const besideOf = (filters: Filters, span: Span) =>
  filters.compare === 'before' ? null : comparedStart({ start: span.from, end: span.to }, filters.compare);

/**
 * What made a span differ from the one before: the endpoints, statuses and countries that contributed most, each one click
 * from its view, the log patterns that are new in it, and its captured requests.
 */
export function WhatChanged({ filters, span, onChange }: Props) {
  const time = useTime();
  const [chosen, setChosen] = useState<ChangeBy | null>(null);
  const overview = useQuery(changes(filters, span, 'traffic'));
  const by = chosen ?? (overview.data ? whatMoved(overview.data) : 'traffic');
  const { data, error } = useQuery({ ...changes(filters, span, by), enabled: overview.data !== undefined });
  const { data: deployed = [] } = useQuery(deploys(filters));
  const suspects = deployed.filter(({ time: at }) => Date.parse(at) >= span.from - SUSPECT_MS && Date.parse(at) < span.to);
  const beside =
    filters.compare === 'before' || filters.compare === 'none' ? `the ${formatLength(span.to - span.from)} before` : `the same ${compares[filters.compare]}`;
  const panel = useRef<HTMLDivElement>(null);
  // It may open where nobody looks: the click was on a chart below.
  useEffect(() => { panel.current?.scrollIntoView({ block: 'nearest' }); }, []);
  const isWhole = filters.range.kind === 'custom' && filters.range.from === span.from && filters.range.to === span.to;
  const inView: Partial<Filters> = { range: { kind: 'custom', ...span }, selection: span };
  return (
    <div ref={panel} className="scroll-mt-2">
      <Card
        title="What changed"
        note={`${time.full(span.from)} – ${time.full(span.to)} (${formatLength(span.to - span.from)}), beside ${beside}`}
        className="border-accent"
        actions={
          <>
            <Choice label="Explain" value={by} choices={choices} onChange={setChosen} />
            {!isWhole && <button type="button" className="button" onClick={() => { onChange(inView); }}>Zoom in</button>}
            <CopyMenu
              of="What changed"
              curl={() => curlOf('/metrics/changes', changesQuery(filters, span, by))}
              csv={() => csvOf(['kind', 'name', 'value', 'previous', 'delta', 'share'], data ? csvRows(data) : [])}
            />
            <button type="button" className="button" aria-label="Close what changed" onClick={() => { onChange({ selection: null }); }}>×</button>
          </>
        }
      >
        {!data ? (error ?? overview.error) ? <Failed what="What changed" error={error ?? overview.error ?? new Error()} /> : <Loading what="what changed" /> : (
          <>
            <p className="mb-3 flex flex-wrap gap-x-6 gap-y-1 text-sm">
              <Moved name="Requests" figure={data.traffic} format={formatCount} />
              <Moved name="Error rate" hadRequests={data.traffic.previous > 0} figure={data.error_rate} format={formatRate} />
              <Moved name="p95" hadRequests={data.traffic.previous > 0} figure={data.p95_latency} format={formatLatency} />
              <Moved name="p99" hadRequests={data.traffic.previous > 0} figure={data.p99_latency} format={formatLatency} />
            </p>
            {suspects.length > 0 && (
              <p className="mb-3 text-sm text-deploy">
                ▾ Deployed in it or shortly before:{' '}
                {suspects.map(({ service, version, time: at }) => `${service} ${version} at ${time.clock(Date.parse(at))}`).join(', ')}
              </p>
            )}
            <div className="grid gap-x-8 gap-y-4 lg:grid-cols-3">
              <Parts
                title={`Endpoints, by ${unitOf[by]}`}
                format={by === 'latency' ? formatTimeDelta : formatDelta}
                parts={data.endpoints}
                link={(part) => ({ path: '/dashboard/metrics', change: { ...inView, endpoint: part.endpoint ?? null, service: part.service ?? null } })}
              />
              <Parts
                title={by === 'errors' ? 'Error statuses' : by === 'latency' ? 'Statuses, by requests' : 'Statuses'}
                format={formatDelta}
                parts={data.statuses}
                link={(part) => ({ path: filters.endpoint === null ? '/dashboard' : '/dashboard/metrics', change: { ...inView, status: part.status ?? null } })}
              />
              {data.countries === null
                ? <p className="text-sm text-ink-soft">Countries are counted for whole services only.</p>
                : (
                  <Parts
                    title={by === 'traffic' ? 'Countries' : 'Countries, by requests'}
                    format={formatDelta}
                    parts={data.countries}
                    link={(part) => ({ path: '/dashboard', change: { ...inView, country: part.country ?? null } })}
                  />
                )}
              <div className="min-w-0 lg:col-span-3"><LogChanges service={filters.service} span={span} /></div>
              <div className="min-w-0 lg:col-span-3">
                <SpanChanges service={filters.service} endpoint={filters.endpoint} span={span} beside={besideOf(filters, span)} />
              </div>
              <div className="min-w-0 lg:col-span-3">
                <ExampleTraces
                  title={by === 'errors' ? 'Traces that failed' : 'Traces, the slowest first'}
                  filters={{
                    ...anySpan, service: filters.service, endpoint: filters.endpoint, status: filters.status,
                    outcome: by === 'errors' ? 'error' : null, range: { kind: 'custom', ...span },
                  }}
                />
              </div>
              <div className="min-w-0 lg:col-span-3">
                <RecentRequests
                  title={by === 'errors' ? 'Captured requests that failed' : 'Captured requests'}
                  filters={{
                    ...anyRequest, service: filters.service, endpoint: filters.endpoint, method: filters.method,
                    status: filters.status ?? (by === 'errors' ? '5xx' : null), country: filters.country, range: { kind: 'custom', ...span },
                  }}
                />
              </div>
            </div>
          </>
        )}
      </Card>
    </div>
  );
}

function Moved({ name, figure, format, hadRequests = true }: { name: string; figure: Comparison; format: (value: number) => string; hadRequests?: boolean }) {
  return (
    <span>
      <span className="text-ink-soft">{name}</span> {hadRequests ? format(figure.previous) : '–'} → <strong>{format(figure.value)}</strong>
      {figure.change !== null && <span className="text-ink-soft"> ({formatChange(figure.change)})</span>}
    </span>
  );
}

interface PartsProps {
  title: string;
  parts: ChangePart[];
  format: (delta: number) => string;
  link: (part: ChangePart) => { path: string; change: Partial<Filters> };
}

function Parts({ title, parts, format, link }: PartsProps) {
  const linkTo = useLinkTo();
  const most = Math.max(...parts.map((part) => part.share));
  return (
    <section aria-label={title} className="min-w-0">
      <h3 className="mb-1 flex gap-3 px-2 text-xs font-medium text-ink-soft">
        <span className="flex-1">{title}</span>
        <span aria-hidden="true" className="text-[11px] font-normal">Change</span>
        <span aria-hidden="true" className="w-14 text-right text-[11px] font-normal" title="Of all that changed in this list, up and down alike">Part</span>
      </h3>
      {parts.length === 0 ? <Empty>Nothing changed.</Empty> : (
        <ol className="flex flex-col gap-0.5">
          {parts.map((part) => {
            const name = part.endpoint ?? part.status ?? formatCountry(part.country ?? '');
            const { path, change } = link(part);
            return (
              <li key={`${part.service ?? ''} ${name}`}>
                <Link to={linkTo(path, change)} className="relative flex items-center gap-3 overflow-hidden rounded px-2 py-1 text-sm hover:bg-surface">
                  <span
                    aria-hidden="true"
                    className="absolute inset-y-0 left-0 rounded opacity-15"
                    style={{ width: `${(part.share / most) * 100}%`, background: part.status ? statusColor(part.status) : 'var(--accent)' }}
                  />
                  <span className="relative min-w-0 flex-1 truncate" title={name}>
                    {name}
                    {part.statuses && part.statuses.length > 0 && (
                      <span className="text-xs text-ink-soft">
                        {' '}
                        {part.statuses.map((status) => `${status.status ?? ''} ${formatDelta(status.delta)}`).join(', ')}
                      </span>
                    )}
                  </span>
                  <span className="relative font-medium whitespace-nowrap">{format(part.delta)}</span>
                  <span className="relative w-14 text-right text-xs whitespace-nowrap text-ink-soft">{formatRate(part.share)}</span>
                </Link>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}

const csvRows = (data: Changes) =>
  [...data.endpoints, ...data.statuses, ...(data.countries ?? [])].map((part) => [
    part.endpoint ? 'endpoint' : part.status ? 'status' : 'country',
    part.endpoint ? `${part.service ?? ''} ${part.endpoint}` : (part.status ?? part.country ?? ''),
    part.value, part.previous, part.delta, part.share,
  ]);
