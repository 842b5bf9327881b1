import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { knownServices } from './endpoint-queries';
import { ServiceMetrics } from './service-metrics';
import { ServicePicker } from './service-picker';

export function DashboardPage() {
  const [filters, setFilters] = useSearchParams();
  const { data: services, error, isPending } = useQuery(knownServices);
  if (isPending) return <p role="status">Loading services…</p>;
  if (!services) return <p role="alert">The services cannot be loaded: {error.message}. Trying again.</p>;

  const service = filters.get('service') ?? services[0];
  if (!service) return <p role="status">No requests yet. Bayou&rsquo;s own will appear in a few seconds.</p>;

  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <h1 className="text-xl font-semibold">Requests</h1>
        <ServicePicker
          services={services.includes(service) ? services : [service, ...services]}
          value={service}
          onChange={(chosen) => { setFilters({ service: chosen }); }}
        />
        <p className="text-sm text-ink-soft">Last 15 minutes, one point a minute</p>
      </div>
      <ServiceMetrics key={service} service={service} />
    </>
  );
}
