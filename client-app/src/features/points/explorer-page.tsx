import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { prepareRows, type Series } from '../../shared/charts/prepare-rows';
import { TimeChart } from '../../shared/charts/time-chart';
import { serverNow } from '../../shared/clock';
import { csvOf, curlOf } from '../../shared/copy';
import { useSetParameters } from '../../shared/filters/use-filters';
import { formatCount, formatLength } from '../../shared/format';
import { LabelledSelect } from '../../shared/labelled-select';
import { Empty, Failed, Loading } from '../../shared/states';
import { useParameters } from '../../shared/use-parameters';
import { useTitle } from '../../shared/use-title';
import { names, points, pointsQuery, type MetricName } from './queries';
import { aggregates, useQuestion, type Question } from './question';
import { formatOf } from './unit';

const NONE = '';
const MOST_DRAWN = 12;
const colors = [
  'var(--chart-out)', 'var(--chart-p95)', 'var(--status-2xx)', 'var(--chart-p99)', 'var(--chart-in)', 'var(--chart-p50)', 'var(--deploy)', 'var(--bad)',
  'var(--accent)', 'var(--status-3xx)', 'var(--status-4xx)', 'var(--status-1xx)',
];

/** Metrics that OpenTelemetry sends: one is picked, grouped, and added up. What is shown is its address. */
export function ExplorerPage() {
  useTitle('Metrics explorer');
  const [question, onChange] = useQuestion();
  const { data, error } = useQuery(names(question.service));
  const picked = data?.names.find(({ name }) => name === question.metric);
  if (!data) return error ? <Failed what="The metrics" error={error} /> : <Loading what="metrics" />;
  return (
    <>
      <h1 className="sr-only">Metrics explorer</h1>
      {data.names.length === 0
        ? <Empty>No metrics have come by OpenTelemetry yet. <Link to="/dashboard/connect" className="underline">How to send them</Link></Empty>
        : (
          <div className="grid gap-4 lg:grid-cols-[18rem_minmax(0,1fr)]">
            <Names all={data.names} picked={question.metric} onPick={(metric) => { onChange({ metric }); }} most={data.metadata.max_series} />
            <div className="flex min-w-0 flex-col gap-3">
              {question.metric === null ? <Empty>Pick a metric.</Empty> : (
                <>
                  {picked && <Asked question={question} metric={picked} onChange={onChange} />}
                  <Lines question={question} onChange={onChange} />
                </>
              )}
            </div>
          </div>
        )}
    </>
  );
}

interface NamesProps {
  all: readonly MetricName[];
  picked: string | null;
  onPick: (name: string) => void;
  most: number;
}

function Names({ all, picked, onPick, most }: NamesProps) {
  const [query] = useParameters();
  const set = useSetParameters();
  const find = query.get('find') ?? '';
  const shown = all.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(find.toLowerCase()));
  const series = all.reduce((sum, one) => sum + one.series, 0);
  return (
    <section aria-label="Metrics" className="flex min-w-0 flex-col gap-2 text-xs">
      <input
        type="search"
        aria-label="Find a metric"
        placeholder="Find a metric"
        data-shortcut="search"
        value={find}
        onChange={(event) => { set({ find: event.target.value }); }}
        className="rounded-md border border-line bg-card px-2 py-1.5"
      />
      <ul className="flex max-h-[70vh] flex-col overflow-auto">
        {shown.map(({ name, kind, unit, description, series: count }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={name === picked}
              onClick={() => { onPick(name); }}
              title={description}
              className="w-full cursor-pointer rounded px-2 py-1 text-left hover:bg-card aria-pressed:bg-card aria-pressed:font-semibold aria-pressed:outline
                aria-pressed:outline-accent"
            >
              <span className="block truncate font-mono">{name}</span>
              <span className="text-ink-soft">{kind}{unit && `, ${unit}`}, {formatCount(count)} {count === 1 ? 'series' : 'series'}</span>
            </button>
          </li>
        ))}
      </ul>
      <p className="text-ink-soft">{formatCount(series)} series of {formatCount(most)} that a project may have.</p>
    </section>
  );
}

/** Of single values, which a histogram has not kept. */
const ofValues: ReadonlySet<string> = new Set(['min', 'max', 'last']);

interface AskedProps {
  question: Question;
  metric: MetricName;
  onChange: (change: Partial<Question>) => void;
}

function Asked({ question, metric, onChange }: AskedProps) {
  const allowed = aggregates.filter((name) => (metric.kind === 'histogram' ? !ofValues.has(name) : !name.startsWith('p')));
  return (
    <div className="flex flex-wrap items-center gap-2">
      <LabelledSelect
        label="Value"
        value={question.aggregate ?? NONE}
        options={[[NONE, 'Value: as suits it'] as const, ...allowed.map((name) => [name, name] as const)]}
        onChange={(name) => { onChange({ aggregate: allowed.find((one) => one === name) ?? null }); }}
      />
      <LabelledSelect
        label="Group by"
        value={question.group ?? NONE}
        options={[
          [NONE, 'Grouped by nothing'] as const, ['service', 'service'] as const, ...metric.attributes.map((name) => [`attributes.${name}`, name] as const),
          ...['service.instance.id', 'host.name', 'k8s.pod.name'].map((name) => [`resource.${name}`, name] as const),
        ]}
        onChange={(group) => { onChange({ group: group === NONE ? null : group }); }}
      />
      {question.where.map((one) => (
        <button key={one} type="button" className="button max-w-96" onClick={() => { onChange({ where: question.where.filter((other) => other !== one) }); }}>
          <span className="truncate">{one}</span> <span aria-hidden="true">×</span><span className="sr-only">, remove</span>
        </button>
      ))}
      {metric.description && <p className="text-xs text-ink-soft">{metric.description}</p>}
    </div>
  );
}

type Bucket = { window_start: string } & Record<string, number | string | null>;

function Lines({ question, onChange }: { question: Question; onChange: (change: Partial<Question>) => void }) {
  const { data, error } = useQuery(points(question));
  if (!data) return error ? <Failed what="The metric" error={error} /> : <Loading what="the metric" />;
  const { range, answer } = data;
  const drawn = answer.lines.slice(0, MOST_DRAWN);
  const series: Series<Bucket>[] = drawn.map(({ group }, index) => ({
    key: `l${index}`, name: group ?? (question.group === null ? answer.name : 'none'), color: colors[index % colors.length] ?? 'var(--accent)',
    of: (bucket) => { const value = bucket[`l${index}`]; return typeof value === 'number' ? value : null; },
  }));
  const windowAt = (at: number) => new Date(Date.parse(answer.start) + at * answer.window_size * 1_000).toISOString();
  const count = answer.lines[0]?.values.length ?? 0;
  const buckets = Array.from({ length: count }, (_, at): Bucket => ({
    window_start: windowAt(at), ...Object.fromEntries(drawn.map(({ values }, index) => [`l${index}`, values[at] ?? null])),
  }));
  const format = formatOf(answer.unit, answer.aggregate);
  const rows = prepareRows(buckets, range, serverNow(), series);
  return (
    <>
      <TimeChart
        title={answer.name}
        note={`${answer.aggregate}, per ${formatLength(range.step)}`}
        kind="lines"
        height="h-80"
        rows={rows}
        series={series}
        formatValue={format}
        formatExact={format}
        frame={{
          range, marks: [], selection: null,
          onZoom: (span) => { onChange({ range: { kind: 'custom', ...span } }); },
          onSelect: (span) => { if (span) onChange({ range: { kind: 'custom', ...span } }); },
        }}
        copy={{
          curl: () => curlOf('/series/query', pointsQuery(question)),
          csv: () => csvOf(
            ['time', ...answer.lines.map(({ group }) => group ?? answer.name)],
            buckets.map(({ window_start }, at) => [window_start, ...answer.lines.map(({ values }) => values[at] ?? '')])),
        }}
      />
      {question.group !== null && <Groups question={question} lines={answer.lines} format={format} isCut={answer.is_cut} onChange={onChange} />}
    </>
  );
}

interface GroupsProps {
  question: Question;
  lines: readonly { group: string | null; values: (number | null)[] }[];
  format: (value: number) => string;
  isCut: boolean;
  onChange: (change: Partial<Question>) => void;
}

/** The groups by their newest value, each of which narrows the question to itself. */
function Groups({ question, lines, format, isCut, onChange }: GroupsProps) {
  const { group } = question;
  return (
    <Card title="Groups" note={isCut ? 'those of the most' : undefined}>
      <table aria-label="Groups" className="w-full table-fixed text-xs">
        <tbody>
          {lines.map(({ group: value, values }, index) => (
            <tr key={value ?? NONE} className="border-t border-line">
              <td className="truncate py-1">
                <span
                  aria-hidden="true"
                  className="mr-2 inline-block size-2 rounded-full"
                  style={{ background: index < MOST_DRAWN ? colors[index] : 'var(--line)' }}
                />
                {value === null || group === null || group === 'service' ? value ?? 'none' : (
                  <button
                    type="button"
                    className="cursor-pointer hover:underline"
                    onClick={() => { onChange({ where: [...question.where, `${group}=${value}`], group: null }); }}
                  >
                    {value}
                  </button>
                )}
              </td>
              <td className="w-32 py-1 text-right">{newestOf(values, format)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function newestOf(values: readonly (number | null)[], format: (value: number) => string): string {
  const newest = values.findLast((value) => value !== null);
  return typeof newest === 'number' ? format(newest) : '';
}
