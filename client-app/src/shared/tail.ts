import { queryOptions, type QueryClient } from '@tanstack/react-query';
import type { Query } from './api';
import type { Range } from './filters/filters';

/** Rows that are held, the last to arrive first, and how they come. */
export interface Tail<Row, Metadata> {
  rows: Row[];
  lastId: number;
  hasOlder: boolean;
  /** Of the page that stands at the end of the rest. */
  metadata: Metadata;
}

interface Cursor {
  last_id: number;
  has_more?: boolean;
  reset?: boolean;
}

interface Way<Filters, Row, Metadata> {
  /** What the queries are called. */
  name: string;
  page: (filters: Filters, more: Query, signal: AbortSignal) => Promise<{ data: Row[]; metadata: Metadata }>;
  /** Rows of a page. */
  size: number;
}

const POLL_MS = 2_000;
const PAST_POLL_MS = 10_000;
const MOST = 5_000; // rows that are held; the oldest go first

/** A list that follows what arrives, by its ids, and goes back a page at a time. */
export function tail<Filters extends { range: Range }, Row extends { id: number }, Metadata extends Cursor>({ name, page, size }: Way<Filters, Row, Metadata>) {
  type Held = Tail<Row, Metadata>;

  async function first(filters: Filters, signal: AbortSignal): Promise<Held> {
    const { data, metadata } = await page(filters, { order_by: 'id', limit: size }, signal);
    return { rows: data, lastId: metadata.last_id, hasOlder: data.length === size, metadata };
  }

  async function poll(held: Held, latest: () => Held | undefined, filters: Filters, signal: AbortSignal): Promise<Held> {
    const { data, metadata } = await page(filters, { id__gt: held.lastId, limit: size }, signal);
    // Faster than anyone reads: the newest page stands for all.
    if (metadata.reset || metadata.has_more) return first(filters, signal);
    const now = latest() ?? held; // Older ones may have come meanwhile.
    return { ...now, rows: [...data.reverse(), ...now.rows].slice(0, MOST), lastId: metadata.last_id };
  }

  const tailOf = (filters: Filters) =>
    queryOptions({
      queryKey: [name, 'tail', filters],
      queryFn: ({ client, queryKey, signal }): Promise<Held> => {
        const held = client.getQueryData<Held>(queryKey);
        return held ? poll(held, () => client.getQueryData<Held>(queryKey), filters, signal) : first(filters, signal);
      },
      refetchInterval: filters.range.kind === 'custom' ? PAST_POLL_MS : POLL_MS,
      structuralSharing: false,
      gcTime: 60_000,
    });

  /** Holds a page more of those that came before those held. */
  async function holdOlder(client: QueryClient, filters: Filters) {
    const { queryKey } = tailOf(filters);
    const oldest = client.getQueryData<Held>(queryKey)?.rows.at(-1);
    if (!oldest) return;
    const { data } = await page(filters, { id__lt: oldest.id, limit: size }, new AbortController().signal);
    client.setQueryData<Held>(queryKey, (held) => held && { ...held, rows: [...held.rows, ...data].slice(0, MOST), hasOlder: data.length === size });
  }

  return { tailOf, holdOlder };
}
