import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { formatCount, formatDelta, formatLatency, formatTimeDelta } from '../../shared/format';
import { Failed, Loading } from '../../shared/states';
import { serviceColor } from './colors';
import { trace } from './queries';
import { waterfallOf, workOf, type Waterfall } from './waterfall';

interface Props {
  fall: Waterfall;
  /** The id of the trace beside it. */
  against: string;
  onClose: () => void;
}

/** Two traces by what was done in them, what differs most first. */
export function TraceComparison({ fall, against, onClose }: Props) {
  const { data, error } = useQuery(trace(against));
  const rows = useMemo(() => (data ? rowsOf(fall, waterfallOf(data.spans)) : []), [data, fall]);
  return (
    <section aria-label="Comparison" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3 text-xs">
        <span>
          Beside <span className="font-mono break-all">{against}</span>
          {data && `: ${formatLatency(fall.length)} here, ${formatLatency(data.duration)} there (${formatTimeDelta(fall.length - data.duration)})`}
        </span>
        <button type="button" className="button" onClick={onClose}>Back to the spans</button>
      </div>
      {!data ? error ? <Failed what="The other trace" error={error} /> : <Loading what="the other trace" /> : (
        <table aria-label="What differs" className="w-full table-fixed text-xs">
          <thead>
            <tr className="text-left text-ink-soft">
              <th scope="col" className="py-1 font-medium">Work</th>
              <th scope="col" className="w-24 py-1 text-right font-medium max-md:hidden">Spans here</th>
              <th scope="col" className="w-24 py-1 text-right font-medium max-md:hidden">Spans there</th>
              <th scope="col" className="w-24 py-1 text-right font-medium max-sm:hidden">Time here</th>
              <th scope="col" className="w-24 py-1 text-right font-medium max-sm:hidden">Time there</th>
              <th scope="col" className="w-28 py-1 text-right font-medium">Difference</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ service, name, here, there }) => (
              <tr key={`${service}\n${name}`} className="border-t border-line">
                <td className="truncate py-1" title={`${service}: ${name}`}>
                  <span aria-hidden="true" className="mr-1.5 inline-block size-2 rounded-full" style={{ background: serviceColor(service) }} />
                  {service}: <span className="font-mono">{name}</span>
                </td>
                <td className="py-1 text-right max-md:hidden">{formatCount(here.count)}</td>
                <td className="py-1 text-right max-md:hidden">
                  {formatCount(there.count)}{here.count !== there.count && <span className="text-ink-soft"> ({formatDelta(here.count - there.count)})</span>}
                </td>
                <td className="py-1 text-right max-sm:hidden">{formatLatency(here.self)}</td>
                <td className="py-1 text-right max-sm:hidden">{formatLatency(there.self)}</td>
                <td className={`py-1 text-right ${here.self > there.self ? 'text-bad' : 'text-good'}`}>{formatTimeDelta(here.self - there.self)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

const nothing = { count: 0, self: 0 };

function rowsOf(here: Waterfall, there: Waterfall) {
  const [ours, theirs] = [workOf(here), workOf(there)];
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((key) => {
      const [service = '', name = ''] = key.split('\n');
      return { service, name, here: ours.get(key) ?? nothing, there: theirs.get(key) ?? nothing };
    })
    .sort((a, b) => Math.abs(b.here.self - b.there.self) - Math.abs(a.here.self - a.there.self));
}
