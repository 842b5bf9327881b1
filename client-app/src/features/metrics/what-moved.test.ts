import { expect, it } from 'vitest';
import { whatMoved } from './what-moved';

const figure = (previous: number, value: number) => ({ previous, value, change: previous > 0 ? (value - previous) / previous : null });
const calm = { error_rate: figure(0.01, 0.011), avg_latency: figure(20, 21), p95_latency: figure(50, 51), p99_latency: figure(90, 80) };

it('explains errors first, then latency, else the requests', () => {
  expect(whatMoved(calm)).toBe('traffic');
  expect(whatMoved({ ...calm, p99_latency: figure(90, 200) })).toBe('latency');
  expect(whatMoved({ ...calm, p99_latency: figure(90, 200), error_rate: figure(0, 0.02) })).toBe('errors');
});
