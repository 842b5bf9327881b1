import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { formatCount } from '../../shared/format';
import { Empty, Failed, Loading, Paused } from '../../shared/states';
import { useTime } from '../../shared/time';
import { useTitle } from '../../shared/use-title';
import { losses } from './queries';
import { useFilters, useLinkTo } from '../../shared/filters/use-filters';

/** What is missing from a range: refused, or dropped unsent; each by whose it is. */
export function LossesPage() {
  useTitle('Missing');
  const [filters] = useFilters();
  const link = useLinkTo();
  const time = useTime();
  const { data, error } = useQuery(losses(filters.range));
  return (
    <>
      <h1 className="sr-only">Missing requests</h1>
      {data && error && <Paused>Updates paused: {error.message}. Trying again.</Paused>}
      {!data && (error ? <Failed what="What is missing" error={error} /> : <Loading what="what is missing" />)}
      {data?.length === 0 && <Empty>Nothing is missing from this range: no observation was refused, and no sender says that it dropped any.</Empty>}
      {data && data.length > 0 && (
        <Card title="Missing from this range" note="refused items cannot be used as they were sent; dropped ones were never sent">
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Missing from this range, scrollable">
            <table className="w-full text-sm">
              <thead>
                <tr className="border-b border-line text-left text-xs text-ink-soft">
                  <th scope="col" className="py-1.5 pr-4 font-medium">Service</th>
                  <th scope="col" className="py-1.5 pr-4 text-right font-medium">Refused</th>
                  <th scope="col" className="py-1.5 pr-4 text-right font-medium">Dropped by its sender</th>
                  <th scope="col" className="py-1.5 pr-4 font-medium">Last</th>
                  <th scope="col" className="py-1.5 font-medium">Why, of the last refused</th>
                </tr>
              </thead>
              <tbody>
                {data.map((row) => (
                  <tr key={row.service ?? ''} data-service={row.service ?? ''} className="border-b border-line align-top tabular-nums last:border-0">
                    <th scope="row" className="py-2 pr-4 text-left font-medium">
                      {row.service === null
                        ? <span className="font-normal text-ink-soft">no known service named</span>
                        : <Link className="underline hover:text-ink" to={link('/dashboard', { service: row.service })}>{row.service}</Link>}
                    </th>
                    <td className="py-2 pr-4 text-right">{formatCount(row.rejected)}</td>
                    <td className="py-2 pr-4 text-right">{formatCount(row.dropped)}</td>
                    <td className="py-2 pr-4 whitespace-nowrap">{time.full(Date.parse(row.last_minute))}</td>
                    <td className="py-2 break-words">{row.last_error ?? '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Card>
      )}
    </>
  );
}
