/** A page of Bayou, as everything that leads to one shows it. */
interface Page {
  path: string;
  /** In the row of pages; null where only other pages and the palette lead to it. */
  name: string | null;
  title: string;
  /** Goes there, after g. */
  key: string | null;
  /** What of the URL is of this page alone, and left behind with it. */
  parameters: readonly string[];
}

/** All of them, in the order in which they are shown. */
export const pages = [
  { path: '/dashboard', name: 'Overview', title: 'Overview', key: 'o', parameters: [] },
  { path: '/dashboard/metrics', name: 'Endpoints', title: 'Endpoints', key: 'e', parameters: ['q', 'sort', 'order'] },
  {
    path: '/dashboard/logs', name: 'Logs', title: 'Logs', key: 'l',
    parameters: ['search', 'mode', 'level', 'source', 'pattern', 'trace', 'meta', 'line', 'view'],
  },
  { path: '/dashboard/losses', name: null, title: 'Missing requests', key: null, parameters: [] },
  { path: '/dashboard/cluster', name: 'Cluster', title: 'Cluster', key: null, parameters: [] },
  { path: '/dashboard/connect', name: 'Connect', title: 'Connect an API', key: 'c', parameters: [] },
] as const satisfies readonly Page[];

export type PagePath = (typeof pages)[number]['path'];
