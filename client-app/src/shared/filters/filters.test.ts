import { describe, expect, it } from 'vitest';
import { comparedStart, readFilters, resolve, seriesQuery, shifted, writeFilters, type Filters } from './filters';

const now = Date.parse('2026-05-04T10:07:42.500Z');
const start = Date.parse('2026-05-04T08:00:00Z');
const read = (text: string) => readFilters(new URLSearchParams(text));

describe('the URL', () => {
  it('holds every filter, so that a link shows the same view', () => {
    const filters: Filters = {
      range: { kind: 'custom', from: now, to: now + 600_000 }, service: 'shop', endpoint: 'GET /a?b&c', method: 'POST', status: '5xx', country: null,
      compare: 'day', selection: { from: now + 60_000, to: now + 120_000 },
    };
    expect(readFilters(writeFilters(new URLSearchParams(), filters))).toEqual(filters);
  });

  it('lets a country stand alone, as it is counted for whole services and all statuses', () => {
    expect(read('country=FR&method=GET&status=5xx')).toEqual(read('country=FR'));
    expect(read('country=FR&endpoint=GET%20/a').country).toBeNull();
    expect(writeFilters(new URLSearchParams('method=GET&status=5xx'), { country: 'FR' }).toString()).toBe('country=FR');
    expect(writeFilters(new URLSearchParams('country=FR'), { status: '5xx' }).toString()).toBe('status=5xx');
  });

  it('leaves out what is as by default', () => {
    expect(writeFilters(new URLSearchParams('range=24h&status=500'), { range: { kind: 'last', name: '1h' }, status: null, compare: 'before' }).toString()).toBe(
      '',
    );
  });

  it('reads nonsense as nothing', () => {
    expect(read('range=year&status=teapot&from=x&to=y&compare=toString&country=france&sel=1_2')).toEqual(read(''));
    expect(read('range=toString').range).toEqual({ kind: 'last', name: '1h' });
    expect(read('from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z').range).toEqual({ kind: 'last', name: '1h' });
  });

  it('drops the selection when the range changes, and keeps what is of others', () => {
    expect(writeFilters(new URLSearchParams('q=cart&sel=a_b'), { range: { kind: 'last', name: '6h' } }).toString()).toBe('q=cart&range=6h');
  });
});

describe('resolve', () => {
  it('begins a live range at a bucket, so that its last bucket is the present one', () => {
    expect(resolve({ kind: 'last', name: '15m' }, now)).toEqual({ start: Date.parse('2026-05-04T09:53:00Z'), end: now, step: 60_000, live: true });
    const day = resolve({ kind: 'last', name: '24h' }, now);
    expect([day.step, day.start % day.step]).toEqual([600_000, 0]);
  });

  it('rounds a custom range out to whole minutes', () => {
    expect(resolve({ kind: 'custom', from: now, to: now + 1 })).toEqual({
      start: Date.parse('2026-05-04T10:07:00Z'),
      end: Date.parse('2026-05-04T10:08:00Z'),
      step: 60_000,
      live: false,
    });
  });
});

it('sets a range beside the one before, or the same of another day', () => {
  const range = { start: now, end: now + 3_600_000 };
  expect(comparedStart(range, 'before')).toBe(now - 3_600_000);
  expect(comparedStart(range, 'day')).toBe(now - 86_400_000);
  expect(comparedStart(range, 'none')).toBeNull();
});

it('moves a range by its own length, and never into the future', () => {
  const fixed = { kind: 'custom', from: start, to: start + 600_000 } as const;
  expect(shifted(fixed, -1, now)).toEqual({ kind: 'custom', from: start - 600_000, to: start });
  expect(shifted(fixed, 1, now)).toEqual({ kind: 'custom', from: start + 600_000, to: start + 1_200_000 });
  expect(shifted({ kind: 'last', name: '15m' }, 1, now)).toBeNull();
  expect(shifted(fixed, 1, start + 600_000)).toBeNull();
});

it('asks for all services but Bayou itself where none is picked', () => {
  expect(seriesQuery(read('method=GET'))).toEqual({ service: null, service__ne: 'bayou', endpoint: null, endpoint__startswith: 'GET ' });
  expect(seriesQuery(read('service=shop&endpoint=GET%20/a&method=GET'))).toEqual({
    service: 'shop',
    service__ne: null,
    endpoint: 'GET /a',
    endpoint__startswith: null,
  });
});
