import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { useFilters, useLinkTo, useSetParameters } from '../../shared/filters/use-filters';
import { formatCount, formatLatency, formatPerSecond, formatRate } from '../../shared/format';
import { groupBy } from '../../shared/group-by';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import { useParameters } from '../../shared/use-parameters';
import { useTitle } from '../../shared/use-title';
import { serviceColor } from './colors';
import { layoutOf, OUTSIDE, type Edge, type MapLayout, type MapNode } from './map-layout';
import { map, type ServiceMap } from './queries';

/** Services, and who calls whom. */
export function MapPage() {
  useTitle('Service map');
  const [{ range }] = useFilters();
  const { data, error } = useQuery(map(range));
  return (
    <>
      <h1 className="sr-only">Service map</h1>
      {!data ? error ? <Failed what="The map" error={error} /> : <Loading what="the map" />
        : data.edges.length === 0
          ? <Empty>No calls in this range: they are known by spans. <Link to="/dashboard/connect" className="underline">How to send them</Link></Empty>
          : <Shown data={data} error={error} />}
    </>
  );
}

function Shown({ data, error }: { data: ServiceMap; error: Error | null }) {
  const time = useTime();
  const [query] = useParameters();
  const set = useSetParameters();
  const layout = useMemo(() => layoutOf(data), [data]);
  const picked = layout.nodes.find(({ id }) => id === query.get('node')) ?? null;
  return (
    <>
      {error && <Paused>The map stands still: {error.message}. Trying again.</Paused>}
      <Card
        title="Who calls whom"
        note={data.is_complete ? 'the wider a line, the more calls; red ones fail' : `of the newest calls, since ${time.full(Date.parse(data.start))}`}
        actions={picked && <button type="button" className="button" onClick={() => { set({ node: null }); }}>All</button>}
      >
        <Picture layout={layout} picked={picked} onPick={(node) => { set({ node: node.id === picked?.id ? null : node.id }); }} />
      </Card>
      {picked?.kind === 'service' && <Service name={picked.name} data={data} />}
      <Edges layout={layout} picked={picked} />
    </>
  );
}

const BOX = { width: 168, height: 40 };
const GAP = { x: 110, y: 22 };
const SIDE = 12;
const WIDEST = 7;
const LINE = 12; // of the figures of those that lead to the same

function Picture({ layout, picked, onPick }: { layout: MapLayout; picked: MapNode | null; onPick: (node: MapNode) => void }) {
  const width = layout.layers * BOX.width + (layout.layers - 1) * GAP.x + 2 * SIDE;
  const height = layout.rows * (BOX.height + GAP.y) + 2 * SIDE;
  const columns = groupBy(layout.nodes, (node) => node.layer);
  const placeOf = (node: MapNode) => {
    const column = (columns.get(node.layer)?.length ?? 1) * (BOX.height + GAP.y);
    return { x: SIDE + node.layer * (BOX.width + GAP.x), y: (height - column) / 2 + GAP.y / 2 + node.row * (BOX.height + GAP.y) };
  };
  const most = layout.edges.reduce((rate, { edge }) => Math.max(rate, edge.rate), 0);
  const isFaint = (of: MapNode[]) => picked !== null && !of.some(({ id }) => id === picked.id);
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Picture of the map, scrollable; the table below has the same">
      <div className="relative mx-auto" style={{ width, height }}>
        <svg width={width} height={height} className="absolute inset-0" aria-hidden="true">
          {layout.edges.map(({ edge, from, to }, index) => {
            const [a, b] = [placeOf(from), placeOf(to)];
            const isBack = to.layer <= from.layer;
            const [x1, y1, x2, y2] = isBack
              ? [a.x + BOX.width / 2, a.y + BOX.height, b.x + BOX.width / 2, b.y + BOX.height]
              : [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
            const path = isBack ? `M${x1} ${y1} C${x1} ${y1 + 60}, ${x2} ${y2 + 60}, ${x2} ${y2}`
              : `M${x1} ${y1} C${x1 + GAP.x / 2} ${y1}, ${x2 - GAP.x / 2} ${y2}, ${x2} ${y2}`;
            return (
              <g key={`${from.id} ${to.id}`} opacity={isFaint([from, to]) ? 0.15 : 1}>
                <path
                  d={path}
                  fill="none"
                  stroke={edge.error_rate > 0.01 ? 'var(--bad)' : 'var(--ink-soft)'}
                  strokeOpacity={0.6}
                  strokeWidth={1 + (WIDEST - 1) * Math.sqrt(most === 0 ? 0 : edge.rate / most)}
                >
                  <title>{`${from.name} → ${to.name}: ${figuresOf(edge)}`}</title>
                </path>
                {!isBack && (
                  <text
                    x={x2 - 6}
                    y={y2 - 6 - LINE * layout.edges.slice(0, index).filter((other) => other.to === to).length}
                    textAnchor="end"
                    fontSize={10}
                    fill="var(--ink-soft)"
                  >
                    {formatPerSecond(edge.rate)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
        {layout.nodes.map((node) => {
          const { x, y } = placeOf(node);
          return (
            <button
              key={node.id}
              type="button"
              aria-pressed={picked?.id === node.id}
              onClick={() => { onPick(node); }}
              className={`absolute flex cursor-pointer items-center gap-2 border border-line bg-surface px-2 text-left text-xs aria-pressed:outline
                aria-pressed:outline-accent ${node.kind === 'service' ? 'rounded-md' : 'rounded-full border-dashed'}
                ${isFaint([node, ...beside(layout, node)]) ? 'opacity-40' : ''}`}
              style={{ left: x, top: y, width: BOX.width, height: BOX.height }}
            >
              {node.kind === 'service' && (
                <span aria-hidden="true" className="size-2.5 shrink-0 rounded-full" style={{ background: serviceColor(node.name) }} />
              )}
              <span className="min-w-0">
                <span className="block truncate font-medium" title={node.name}>{node.name}</span>
                {node.kind !== 'service' && (
                  <span className="block truncate text-[10px] text-ink-soft">{node.kind === OUTSIDE ? 'browsers, and who sends no spans' : node.kind}</span>
                )}
              </span>
            </button>
          );
        })}
      </div>
    </div>
  );
}

const beside = (layout: MapLayout, node: MapNode) =>
  layout.edges.flatMap(({ from, to }) => (from.id === node.id ? [to] : to.id === node.id ? [from] : []));

const figuresOf = (edge: Pick<Edge, 'rate' | 'error_rate' | 'p95_latency'>) =>
  `${formatPerSecond(edge.rate)}, ${formatRate(edge.error_rate)} errors, p95 ${formatLatency(edge.p95_latency)}`;

/** What is known of one service, and the ways to more. */
function Service({ name, data }: { name: string; data: ServiceMap }) {
  const linkTo = useLinkTo();
  const figures = data.services.find(({ service }) => service === name);
  const change = { service: name, endpoint: null, selection: null };
  return (
    <Card title={name} note={figures && figuresOf(figures)}>
      <div className="flex flex-wrap gap-2">
        <Link className="button" to={linkTo('/dashboard', change)}>Its overview</Link>
        <Link className="button" to={linkTo('/dashboard/traces', change)}>Its traces</Link>
        <Link className="button" to={linkTo('/dashboard/logs', change)}>Its log lines</Link>
      </div>
    </Card>
  );
}

function Edges({ layout, picked }: { layout: MapLayout; picked: MapNode | null }) {
  const shown = layout.edges.filter(({ from, to }) => picked === null || from.id === picked.id || to.id === picked.id);
  return (
    <table aria-label="Calls" className="w-full table-fixed text-xs">
      <thead>
        <tr className="text-left text-ink-soft">
          <th scope="col" className="py-1 font-medium">From</th>
          <th scope="col" className="py-1 font-medium">To</th>
          <th scope="col" className="w-20 py-1 text-right font-medium">Calls</th>
          <th scope="col" className="w-24 py-1 text-right font-medium max-sm:hidden">Rate</th>
          <th scope="col" className="w-20 py-1 text-right font-medium">Errors</th>
          <th scope="col" className="w-20 py-1 text-right font-medium">p95</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ edge, from, to }) => (
          <tr key={`${from.id} ${to.id}`} className="border-t border-line">
            <td className="truncate py-1" title={from.name}>{from.name}</td>
            <td className="truncate py-1" title={to.name}>{to.name}{edge.kind !== 'service' && <span className="text-ink-soft"> {edge.kind}</span>}</td>
            <td className="py-1 text-right">{formatCount(edge.calls)}</td>
            <td className="py-1 text-right max-sm:hidden">{formatPerSecond(edge.rate)}</td>
            <td className={`py-1 text-right ${edge.error_rate > 0 ? 'text-bad' : ''}`}>{formatRate(edge.error_rate)}</td>
            <td className="py-1 text-right">{formatLatency(edge.p95_latency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
