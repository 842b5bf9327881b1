import { describe, expect, it } from 'vitest';
import { readReplayFilters, replayPath, replayQuery, writeReplayFilters } from './replay-filters';

describe('the filters of captured requests', () => {
  it('are what the address says, and what cannot be read is left out', () => {
    const filters = readReplayFilters(new URLSearchParams('service=shop&status=5xx&pattern=12&trace=t&country=FR&search=no+stock&stage=canary'));
    expect(filters).toMatchObject({ service: 'shop', status: '5xx', pattern: 12, trace: 't', country: 'FR', search: 'no stock', stage: 'canary' });
    expect(readReplayFilters(new URLSearchParams('status=9xx&pattern=x&country=France'))).toMatchObject({ status: null, pattern: null, country: null });
  });

  it('change the address and close what is open', () => {
    const next = writeReplayFilters(new URLSearchParams('service=shop&status=500&request=7&tab=logs&search=a'), { status: null, method: 'POST', search: '' });
    expect(next.toString()).toBe('service=shop&method=POST');
  });

  it('lead from elsewhere with nothing but range and service', () => {
    expect(replayPath(new URLSearchParams('range=6h&service=shop&level=error&sel=x'), { endpoint: 'GET /a', status: '5xx' }))
      .toBe('/dashboard/replay?range=6h&service=shop&endpoint=GET+%2Fa&status=5xx');
  });

  it('ask for a class of statuses as a range of them', () => {
    const asked = replayQuery(readReplayFilters(new URLSearchParams('status=4xx')));
    expect(asked).toMatchObject({ status_code: null, status_code__between: '400,499', service__ne: 'bayou' });
    expect(replayQuery(readReplayFilters(new URLSearchParams('status=404')))).toMatchObject({ status_code: '404', status_code__between: null });
  });
});
