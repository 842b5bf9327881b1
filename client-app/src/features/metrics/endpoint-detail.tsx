import { Link } from 'react-router';
import { Card } from '../../shared/card';
import { RecentRequests } from '../replay/recent-requests';
import { anyRequest } from '../replay/replay-filters';
import { ExampleTraces } from '../traces/example-traces';
import { anySpan } from '../traces/trace-filters';
import { DistributionCard } from './distribution-card';
import type { KnownService } from './figures';
import type { Filters } from '../../shared/filters/filters';
import { HeatmapCard } from './heatmap-card';
import { MetricsView } from './metrics-view';
import { StatusCodes } from './top-cards';
import { useLinkTo } from '../../shared/filters/use-filters';

interface Props {
  endpoint: string;
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
}

export function EndpointDetail({ endpoint, filters: given, services, onChange }: Props) {
  const linkTo = useLinkTo();
  const filters = { ...given, method: null, country: null };
  return (
    <MetricsView
      title={endpoint}
      heading={
        <div className="flex flex-wrap items-baseline gap-x-3">
          <Link to={linkTo('/dashboard/metrics', { endpoint: null, selection: null })} className="text-sm text-ink-soft hover:text-ink">‹ All endpoints</Link>
          <h1 className="min-w-0 font-mono text-lg font-semibold break-all">{endpoint}</h1>
          {filters.service !== null && <span className="text-sm text-ink-soft">of {filters.service}</span>}
        </div>
      }
      filters={filters}
      services={services}
      onChange={onChange}
    >
      {(shown) => (
        <div className="grid items-start gap-3 lg:grid-cols-2 xl:grid-cols-3">
          <HeatmapCard filters={shown} />
          <DistributionCard filters={shown} />
          <StatusCodes filters={shown} />
          <Card title="Traces" className="lg:col-span-2 xl:col-span-3">
            <ExampleTraces
              title="Those that failed, and the slowest"
              filters={{ ...anySpan, service: shown.service, endpoint, status: shown.status, range: shown.range }}
            />
          </Card>
          <Card title="Captured requests" className="lg:col-span-2 xl:col-span-3">
            <RecentRequests
              title="The newest of this endpoint"
              filters={{ ...anyRequest, service: shown.service, endpoint, status: shown.status, range: shown.range }}
            />
          </Card>
        </div>
      )}
    </MetricsView>
  );
}
