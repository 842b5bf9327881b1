import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { serverNow } from '../../shared/clock';
import { Failed, Loading } from '../../shared/states';
import type { KnownService } from './figures';
import { FilterBar } from './filter-bar';
import { comparedStart, OWN_SERVICE, resolve, type Filters } from '../../shared/filters/filters';
import { FreshnessLine } from './freshness-line';
import { KpiCards } from './kpi-cards';
import { liveSeries } from './live-series';
import { MetricCharts } from './metric-charts';
import { NothingHere } from './nothing-here';
import { summary } from './queries';
import { useTitle } from '../../shared/use-title';
import { WhatChanged } from './what-changed';

interface Props {
  title: string;
  /** What the view is of, above the filters. */
  heading?: ReactNode;
  filters: Filters;
  services: KnownService[];
  onChange: (change: Partial<Filters>) => void;
  /** What follows the charts. */
  children: (filters: Filters) => ReactNode;
}

/** What the overview and an endpoint's page have in common: filters, freshness, figures, charts, what changed. */
export function MetricsView({ title, heading, filters, services, onChange, children }: Props) {
  useTitle(title);
  const { data: live, error, isPending, dataUpdatedAt } = useQuery(liveSeries(filters));
  const since = dataSince(filters, services);
  const { data: figures, error: figuresError } = useQuery({ ...summary(filters), enabled: live !== undefined });
  return (
    <>
      {heading}
      <FilterBar filters={filters} onChange={onChange}>
        {live && (
          <FreshnessLine
            filters={filters}
            error={error ?? figuresError}
            updatedAt={dataUpdatedAt}
            onLive={() => {
              onChange({ range: { kind: 'last', name: '1h' } });
            }}
          />
        )}
      </FilterBar>
      {isPending ? <Loading what="metrics" /> : !live ? <Failed what="The metrics" error={error} /> : (
        <>
          {figures ? <KpiCards filters={filters} summary={figures} live={live} now={serverNow()} since={since} /> : <div className="h-29" />}
          {live.points.length === 0 && figures?.traffic.value === 0 && <NothingHere filters={filters} services={services} onChange={onChange} />}
          {filters.selection && (
            <WhatChanged key={`${filters.selection.from} ${filters.selection.to}`} filters={filters} span={filters.selection} onChange={onChange} />
          )}
          <MetricCharts filters={filters} live={live} now={serverNow()} onChange={onChange} />
          {children(since === null ? filters : { ...filters, compare: 'none' })}
        </>
      )}
    </>
  );
}

/** When the view's data begins, if that is after the start of the range it is set beside; a part would pass for the whole. */
function dataSince(filters: Filters, services: KnownService[]): number | null {
  const compared = comparedStart(resolve(filters.range), filters.compare);
  const shown = services.filter(({ service }) => (filters.service === null ? service !== OWN_SERVICE : service === filters.service));
  const first = Math.min(...shown.map(({ first_seen }) => Date.parse(first_seen)));
  // A first minute that is not whole is near enough.
  return compared !== null && Number.isFinite(first) && first > compared + 120_000 ? first : null;
}
