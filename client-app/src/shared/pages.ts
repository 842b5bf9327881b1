/** What pages are for, in the order in which the sidebar has them; one without pages is left out. */
export const groups = ['Observe', 'People', 'Act', 'Run'] as const;

/** A page of Bayou, as everything that leads to one shows it. */
interface Page {
  path: string;
  /** Null where only other pages and the palette lead to it. */
  group: (typeof groups)[number] | null;
  name: string;
  title: string;
  /** Goes there, after g. */
  key: string | null;
  /** Which service it is of while none is picked: the only one there is, or all; null where it is of none. */
  service: 'only' | 'all' | null;
  hasRange: boolean;
  /** What of the URL is of this page alone, and left behind with it. */
  parameters: readonly string[];
}

/** All of them, in the order in which they are shown; the first three have a place of their own on a phone. */
export const pages = [
  { path: '/dashboard', group: 'Observe', name: 'Overview', title: 'Overview', key: 'o', service: 'only', hasRange: true, parameters: [] },
  {
    path: '/dashboard/metrics',
    group: 'Observe',
    name: 'Endpoints',
    title: 'Endpoints',
    key: 'e',
    service: 'only',
    hasRange: true,
    parameters: ['q', 'sort', 'order'],
  },
  {
    path: '/dashboard/logs', group: 'Observe', name: 'Logs', title: 'Logs', key: 'l', service: 'all', hasRange: true,
    parameters: ['search', 'mode', 'level', 'source', 'pattern', 'trace', 'meta', 'line', 'view'],
  },
  {
    path: '/dashboard/replay', group: 'Observe', name: 'Requests', title: 'Captured requests', key: 'r', service: 'all', hasRange: true,
    parameters: ['search', 'pattern', 'trace', 'stage', 'version', 'request', 'tab', 'view', 'run'],
  },
  {
    path: '/dashboard/traces', group: 'Observe', name: 'Traces', title: 'Traces', key: 't', service: 'all', hasRange: true,
    parameters: ['search', 'spans', 'kind', 'name', 'outcome', 'longer', 'shorter', 'attribute', 'trace', 'span', 'against', 'find'],
  },
  { path: '/dashboard/map', group: 'Observe', name: 'Service map', title: 'Service map', key: 'm', service: null, hasRange: true, parameters: ['node'] },
  {
    path: '/dashboard/explorer', group: 'Observe', name: 'Explorer', title: 'Metrics explorer', key: 'x', service: 'all', hasRange: true,
    parameters: ['metric', 'aggregate', 'group', 'where', 'find'],
  },
  { path: '/dashboard/losses', group: null, name: 'Missing', title: 'Missing requests', key: null, service: null, hasRange: true, parameters: [] },
  {
    path: '/dashboard/worker', group: 'Act', name: 'Jobs', title: 'Jobs and schedules', key: 'j', service: null, hasRange: false,
    parameters: ['view', 'scope', 'status', 'type', 'queue', 'search', 'pattern', 'job'],
  },
  { path: '/dashboard/cluster', group: 'Run', name: 'Cluster', title: 'Cluster', key: null, service: null, hasRange: false, parameters: [] },
  { path: '/dashboard/connect', group: 'Run', name: 'Connect', title: 'Connect an API', key: 'c', service: null, hasRange: false, parameters: [] },
  {
    path: '/dashboard/settings', group: 'Run', name: 'Settings', title: 'Settings', key: 's', service: null, hasRange: false, parameters: ['tab', 'refused'],
  },
] as const satisfies readonly Page[];

export type PagePath = (typeof pages)[number]['path'];
