import { EndpointDetail } from './endpoint-detail';
import { EndpointTable } from './endpoint-table';
import { useView } from './use-view';

/** Every endpoint in a table, or one of them. */
export function MetricsPage() {
  const { filters, services, onChange, waiting } = useView();
  if (waiting) return waiting;
  const props = { filters, services, onChange };
  return filters.endpoint === null ? <EndpointTable {...props} /> : <EndpointDetail {...props} endpoint={filters.endpoint} />;
}
