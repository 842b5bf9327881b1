import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failed, Loading } from '../../shared/states';
import type { KnownService } from './figures';
import type { Filters } from '../../shared/filters/filters';
import { defaultService, knownServices } from './queries';
import { useFilters } from '../../shared/filters/use-filters';

interface View {
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
  /** What to show until the services are known. */
  waiting: ReactNode;
}

/** The filters of the URL with the service filled in that a view shows by default. */
export function useView(): View {
  const [filters, onChange] = useFilters();
  const { data: services, error } = useQuery(knownServices);
  if (!services) return { filters, services: [], onChange, waiting: error ? <Failed what="The services" error={error} /> : <Loading what="services" /> };
  return { filters: { ...filters, service: filters.service ?? defaultService(services) }, services, onChange, waiting: null };
}
