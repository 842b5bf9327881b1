import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { Card } from '../../shared/card';
import { Choice } from '../../shared/choice';
import { csvOf, curlOf } from '../../shared/copy';
import { CopyMenu } from '../../shared/copy-menu';
import { formatCompact, formatCountry, formatExactly, formatLatency } from '../../shared/format';
import { Empty, Failed, Loading } from '../../shared/states';
import { resolve, type Filters } from '../../shared/filters/filters';
import { replayPath } from '../replay/replay-filters';
import { countriesQuery, rangeQuery, topCountries, topEndpoints, topStatuses } from './queries';
import { statusColor } from './series';
import { ShareList } from './share-list';
import { useLinkTo, useSetParameters } from '../../shared/filters/use-filters';

const choices = [['traffic', 'Traffic'], ['errors', 'Errors'], ['p95', 'p95'], ['time', 'Total time']] as const;

export function TopEndpoints({ filters }: { filters: Filters }) {
  const [query] = useSearchParams();
  const by = choices.find(([key]) => key === query.get('top'))?.[0] ?? 'traffic';
  const set = useSetParameters();
  const { data, error } = useQuery(topEndpoints(filters, by));
  const linkTo = useLinkTo();
  const format = by === 'p95' || by === 'time' ? formatLatency : formatCompact;
  return (
    <Card
      title="Top endpoints"
      note={filters.country === null ? undefined : 'of all countries'}
      actions={
        <>
          <Link to={linkTo('/dashboard/metrics', { endpoint: null })} className="text-xs text-ink-soft hover:text-ink">All</Link>
          <Captured filters={filters} status={by === 'errors' ? '5xx' : null} />
          <Choice label="Ranked by" value={by} choices={choices} onChange={(next) => { set({ top: next === 'traffic' ? null : next }); }} />
          <CopyMenu
            of="Top endpoints"
            curl={() => curlOf('/metrics/top', { ...rangeQuery(filters, resolve(filters.range)), by })}
            csv={() =>
              csvOf(
                ['service', 'endpoint', by, 'share', 'change'],
                (data ?? []).map((row) => [row.service, row.endpoint, row.value, row.share, row.change]),
              )
            }
          />
        </>
      }
    >
      {!data ? (error ? <Failed what="The endpoints" error={error} /> : <Loading what="endpoints" />) : data.length === 0 ? (
        <Empty>{by === 'errors' ? 'No errors in this range.' : 'No requests in this range.'}</Empty>
      ) : (
        <ShareList
          label={`Endpoints by ${by}`}
          unit={by === 'traffic' ? 'Requests' : by === 'errors' ? 'Errors' : by === 'p95' ? 'p95' : 'Total time'}
          shares={by !== 'p95'}
          compared={filters.compare !== 'none'}
          rows={data.map((row) => ({
            key: `${row.service} ${row.endpoint}`,
            name: row.endpoint,
            note: filters.service === null ? row.service : undefined,
            value: format(row.value),
            exact: (by === 'p95' || by === 'time' ? formatExactly.latency : formatExactly.requests)(row.value),
            share: by === 'p95' ? row.value / Math.max(...data.map((other) => other.value)) : row.share,
            change: row.change,
            color: by === 'errors' ? 'var(--status-5xx)' : undefined,
            to: linkTo('/dashboard/metrics', { endpoint: row.endpoint, service: row.service, method: null, country: null }),
          }))}
        />
      )}
    </Card>
  );
}

/** The way to the captured requests of what a card is of. */
function Captured({ filters, status }: { filters: Filters; status: string | null }) {
  const [query] = useSearchParams();
  const { service, endpoint, method, country } = filters;
  return (
    <Link
      to={replayPath(query, { service, endpoint, method, country, status: filters.status ?? status })}
      className="text-xs text-ink-soft hover:text-ink"
    >
      Captured
    </Link>
  );
}

export function StatusCodes({ filters }: { filters: Filters }) {
  const { data, error } = useQuery(topStatuses(filters));
  const linkTo = useLinkTo();
  const here = filters.endpoint === null ? '/dashboard' : '/dashboard/metrics';
  return (
    <Card
      title="Status codes"
      note={filters.country === null ? undefined : 'of all countries'}
      actions={
        <>
          <Captured filters={filters} status={filters.status} />
          <CopyMenu
            of="Status codes"
            curl={() => curlOf('/metrics/top', { ...rangeQuery(filters, resolve(filters.range)), dimension: 'status' })}
            csv={() => csvOf(['status', 'requests', 'share', 'change'], (data ?? []).map((row) => [row.status ?? '', row.value, row.share, row.change]))}
          />
        </>
      }
    >
      {!data ? (
        error ? (
          <Failed what="The status codes" error={error} />
        ) : (
          <Loading what="status codes" />
        )
      ) : data.length === 0 ? (
        <Empty>No requests in this range.</Empty>
      ) : (
        <ShareList
          label="Status codes by requests"
          unit="Requests"
          shares
          compared={filters.compare !== 'none'}
          rows={data.map((row) => ({
            key: row.status ?? '',
            name: row.status ?? '',
            value: formatCompact(row.value),
            exact: formatExactly.requests(row.value),
            share: row.share,
            change: row.change,
            color: statusColor(row.status ?? ''),
            to: linkTo(here, { status: filters.status === row.status ? null : (row.status ?? null) }),
          }))}
        />
      )}
    </Card>
  );
}

export function TopCountries({ filters }: { filters: Filters }) {
  const { data, error } = useQuery(topCountries(filters));
  const linkTo = useLinkTo();
  return (
    <Card
      title="Top countries"
      note={filters.method !== null || filters.status !== null ? 'of all endpoints and statuses' : undefined}
      actions={
        <>
          <Captured filters={filters} status={null} />
          <CopyMenu
            of="Top countries"
            curl={() => curlOf('/metrics/top', countriesQuery(filters, resolve(filters.range)))}
            csv={() => csvOf(['country', 'requests', 'share', 'change'], (data ?? []).map((row) => [row.country ?? '', row.value, row.share, row.change]))}
          />
        </>
      }
    >
      {!data ? (error ? <Failed what="The countries" error={error} /> : <Loading what="countries" />) : data.length === 0 ? (
        <Empty>No request said where it came from. A header such as CF-IPCountry tells.</Empty>
      ) : (
        <ShareList
          label="Countries by requests"
          unit="Requests"
          shares
          compared={filters.compare !== 'none'}
          rows={data.map((row) => ({
            key: row.country ?? '',
            name: formatCountry(row.country ?? ''),
            value: formatCompact(row.value),
            exact: formatExactly.requests(row.value),
            share: row.share,
            change: row.change,
            to: linkTo('/dashboard', { country: filters.country === row.country ? null : (row.country ?? null) }),
          }))}
        />
      )}
    </Card>
  );
}
