import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServiceMetrics } from './service-metrics';

const row = {
  id: 3, service: 'shop', endpoint: '*', window_start: new Date(Date.now() - 60_000).toISOString(),
  p50_latency: 1, p95_latency: 2, p99_latency: 3, error_rate: 0, traffic_count: 41, status_5xx: 0,
};
let failing = false;
let client: QueryClient;

beforeEach(() => {
  failing = false;
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} });
  vi.stubGlobal('fetch', (url: string) => {
    if (failing) return Promise.reject(new TypeError('refused'));
    const polled = url.includes('id__gt');
    const data = url.startsWith('/metrics/top') ? [] : polled ? [{ ...row, id: 4, traffic_count: 42 }] : [row];
    return Promise.resolve(Response.json({ data, error: null, metadata: { last_id: polled ? 4 : 3, has_more: false } }));
  });
});

afterEach(() => {
  cleanup();
  client.clear();
  vi.unstubAllGlobals();
});

const show = () => render(<QueryClientProvider client={client}><ServiceMetrics service="shop" /></QueryClientProvider>);

it('shows a newer revision instead of adding it', async () => {
  show();
  await screen.findByText('41');
  await client.refetchQueries({ queryKey: ['metrics', 'feed'] });
  await screen.findByText('42');
});

it('keeps what it has when a poll fails, says so, and goes on by itself', async () => {
  show();
  await screen.findByText('41');
  failing = true;
  await client.refetchQueries({ queryKey: ['metrics', 'feed'] });
  expect((await screen.findByRole('alert')).textContent).toContain('Live updates paused: the server cannot be reached');
  expect(screen.getByText('41')).toBeDefined();

  failing = false;
  await client.refetchQueries({ queryKey: ['metrics', 'feed'] });
  await screen.findByText('42');
  expect(screen.queryByRole('alert')).toBeNull();
});

it('says why when there is nothing to show yet', async () => {
  failing = true;
  show();
  expect((await screen.findByRole('alert')).textContent).toContain('the server cannot be reached');
});
