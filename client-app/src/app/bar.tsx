import { useQuery } from '@tanstack/react-query';
import { useLocation } from 'react-router';
import { defaultService, knownServices, shownServices } from '../features/metrics/queries';
import { OWN_SERVICE } from '../shared/filters/filters';
import { RangeBar } from '../shared/filters/range-bar';
import { useFilters } from '../shared/filters/use-filters';
import { LabelledSelect } from '../shared/labelled-select';
import { pages } from '../shared/pages';

const ALL = '';

/** Of which service and which time the page is. */
export function Bar() {
  const { pathname } = useLocation();
  const [{ range }, onChange] = useFilters();
  const page = pages.find(({ path }) => path === pathname);
  if (!page) return null;
  return (
    <div role="search" aria-label="Service and time" className="flex min-w-0 flex-1 flex-wrap items-center justify-between gap-2">
      {page.service ? <ServiceSelect showsAll={page.service === 'all'} /> : <p className="text-sm font-semibold">{page.title}</p>}
      {page.hasRange && <RangeBar range={range} onChange={(shown) => { onChange({ range: shown }); }} />}
    </div>
  );
}

function ServiceSelect({ showsAll }: { showsAll: boolean }) {
  const [filters, onChange] = useFilters();
  const { data: services = [] } = useQuery(knownServices);
  const value = filters.service ?? (showsAll ? null : defaultService(services));
  // One that is named stays choosable, be it Bayou's own or one not seen yet.
  const shown = [...new Set([...shownServices(services), ...(value === null ? [] : [value])])];
  const isOwnHidden = services.some(({ service }) => service === OWN_SERVICE) && !shown.includes(OWN_SERVICE);
  return (
    <LabelledSelect
      label="Service"
      value={value ?? ALL}
      options={[
        ...(showsAll || shown.length !== 1 ? [[ALL, 'All services'] as const] : []),
        ...shown.map((name) => [name, name] as const),
        ...(isOwnHidden ? [[OWN_SERVICE, `${OWN_SERVICE} (this server)`] as const] : []),
      ]}
      onChange={(chosen) => { onChange({ service: chosen === ALL ? null : chosen, endpoint: null }); }}
    />
  );
}
