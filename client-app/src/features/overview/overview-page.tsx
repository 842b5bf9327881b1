import { RecentLogs } from '../logs/recent-logs';
import { Onboarding } from '../connect/onboarding';
import { MetricsView } from '../metrics/metrics-view';
import { StatusCodes, TopCountries, TopEndpoints } from '../metrics/top-cards';
import { useView } from '../metrics/use-view';

/** The overview of a service, or of all. */
export function OverviewPage() {
  const { filters: given, services, onChange, waiting } = useView();
  if (waiting) return waiting;
  const filters = { ...given, endpoint: null };
  return (
    <MetricsView
      title={filters.service ?? 'All services'}
      heading={<>
        <h1 className="sr-only">{filters.service ?? 'All services'}</h1>
        <Onboarding services={services} />
      </>}
      filters={filters}
      services={services}
      onChange={onChange}
    >
      {(shown) => (
        <div className="grid items-start gap-3 md:grid-cols-2 xl:grid-cols-[1.4fr_1fr_1fr]">
          <div className="min-w-0 md:col-span-2 xl:col-span-1"><TopEndpoints filters={shown} /></div>
          <StatusCodes filters={shown} />
          <TopCountries filters={shown} />
          <div className="min-w-0 md:col-span-2 xl:col-span-3"><RecentLogs service={shown.service} /></div>
        </div>
      )}
    </MetricsView>
  );
}
