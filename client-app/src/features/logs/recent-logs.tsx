import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { Card } from '../../shared/card';
import { getJson } from '../../shared/api';
import { Empty, Failed, Loading } from '../../shared/states';
import { useTime } from '../../shared/time';
import { OWN_SERVICE } from '../../shared/filters/filters';
import { levelColor } from './levels';
import { POLL_MS } from './lines';
import { fold, withoutColours } from './message';
import { logsPath } from './use-log-filters';

const SHOWN = 8;

/** The newest lines of a service, or of all, with a way to the rest. */
export function RecentLogs({ service }: { service: string | null }) {
  const time = useTime();
  const [query] = useSearchParams();
  const { data, error } = useQuery({
    queryKey: ['logs', 'recent', service],
    queryFn: async ({ signal }) => (await getJson('/logs', { service, service__ne: service === null ? OWN_SERVICE : null, limit: SHOWN }, signal)).data,
    refetchInterval: POLL_MS,
  });
  return (
    <Card title="Recent logs" actions={<Link className="button" to={logsPath(query, { service })}>All logs</Link>}>
      {!data ? error ? <Failed what="The newest lines" error={error} /> : <Loading what="the newest lines" />
        : data.length === 0 ? (
          <Empty>
            No logs {service === null ? 'yet' : `of ${service} yet`}. <Link to="/dashboard/connect" className="underline">How to send them</Link>
          </Empty>
        ) : (
          <ol className="font-mono text-xs">
            {data.map((line) => (
              <li key={line.id}>
                <Link
                  to={`${logsPath(query, { service })}&line=${line.id}`}
                  className="flex gap-3 border-l-4 px-2 py-0.5 hover:bg-surface"
                  style={{ borderLeftColor: levelColor[line.level] }}
                >
                  <time dateTime={line.created_at} className="shrink-0 text-ink-soft">{time.clock(Date.parse(line.created_at))}</time>
                  <span className="w-10 shrink-0 text-ink-soft">{line.level}</span>
                  <span className="min-w-0 flex-1 truncate">{fold(withoutColours(line.message)).first}</span>
                </Link>
              </li>
            ))}
          </ol>
        )}
    </Card>
  );
}
