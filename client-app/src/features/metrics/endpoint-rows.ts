import type { EndpointEntry } from './figures';

export const columns = {
  endpoint: 'Endpoint',
  traffic: 'Requests',
  errors: 'Error rate',
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  time: 'Total time',
  change: 'Traffic ±',
} as const;
export type Column = keyof typeof columns;

const figures: Record<Exclude<Column, 'endpoint'>, (row: EndpointEntry) => number> = {
  traffic: (row) => row.traffic_count,
  errors: (row) => row.error_rate,
  p50: (row) => row.p50_latency,
  p95: (row) => row.p95_latency,
  p99: (row) => row.p99_latency,
  time: (row) => row.total_time,
  change: (row) => row.change ?? Infinity,
};

/** What a table is sorted by; figures begin with the largest, names with the first. */
export interface Sort {
  by: Column;
  descending: boolean;
}

export function readSort(query: URLSearchParams): Sort {
  const name = query.get('sort');
  const by = name !== null && Object.hasOwn(columns, name) ? (name as Column) : 'traffic';
  const order = query.get('order');
  return { by, descending: order === null ? by !== 'endpoint' : order === 'desc' };
}

/** The rows that contain every word, sorted; equal ones by name. */
export function pickRows(rows: EndpointEntry[], search: string, { by, descending }: Sort): EndpointEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const names = (row: EndpointEntry) => `${row.service} ${row.endpoint}`;
  const direction = descending ? -1 : 1;
  return rows
    .filter((row) => words.every((word) => names(row).toLowerCase().includes(word)))
    .sort((a, b) => {
      const byName = names(a).localeCompare(names(b));
      if (by === 'endpoint') return direction * byName;
      const [left, right] = [figures[by](a), figures[by](b)];
      return left === right ? byName : direction * (left < right ? -1 : 1);
    });
}
