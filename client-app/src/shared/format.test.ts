import { expect, it } from 'vitest';
import { csvOf, curlOf } from './copy';
import { formatBytes, formatChange, formatCountry, formatDelta, formatLatency, formatLength, formatRate } from './format';
import { timeFormats } from './time';

it('puts a unit on every number', () => {
  expect([0, 0.25, 12.34, 1_234, 90_000].map(formatLatency)).toEqual(['0 ms', '250 µs', '12.3 ms', '1.23 s', '1.5 min']);
  expect([0, 0.00001, 0.0123, 1].map(formatRate)).toEqual(['0 %', '< 0.01 %', '1.23 %', '100 %']);
  expect([0, 999, 1_000, 2_500_000].map(formatBytes)).toEqual(['0 B', '999 B', '1 kB', '2.5 MB']);
  expect([null, 0, 0.5, -0.25, 12].map(formatChange)).toEqual(['new', '±0 %', '+50 %', '−25 %', '×13']);
  expect([5_000, -3].map(formatDelta)).toEqual(['+5,000', '−3']);
  expect([60_000, 5_400_000, 10_800_000, 604_800_000].map(formatLength)).toEqual(['1 min', '90 min', '3 h', '7 days']);
});

it('names countries, and says so where a network does not know', () => {
  expect(['FR', 'XX', 'T1', 'QZ'].map(formatCountry)).toEqual(['France', 'Unknown', 'Tor network', 'QZ']);
});

it('writes CSV that no spreadsheet misreads', () => {
  expect(csvOf(['name', 'n'], [['a "b", c', 1], ['=1+1', null], ['-x', -2]])).toBe('name,n\r\n"a ""b"", c",1\r\n\'=1+1,\r\n\'-x,-2\r\n');
});

it.each(['\t=1', '\r=1', ' =1', '\u00a0-1', '\u200b@SUM(1)', '\uff1d1', ' \uff0b1', '\ttext'])('keeps %j from being a formula', (text) => {
  expect(csvOf(['a'], [[text]]).replaceAll('"', '')).toBe(`a\r\n'${text}\r\n`);
});

it('leaves a text alone that only has a sign in it', () => {
  expect(csvOf(['a'], [['a = b'], [-2]])).toBe('a\r\na = b\r\n-2\r\n');
});

it('copies a question as a command that a shell takes whole', () => {
  expect(curlOf('/metrics/top', { endpoint: "GET /it's", service: null })).toBe(`curl '${window.location.origin}/metrics/top?endpoint=GET+%2Fit%27s'`);
});

it('reads and writes times on the clock that was chosen', () => {
  const utc = timeFormats('UTC');
  const at = Date.parse('2026-05-04T10:07:00Z');
  expect([utc.full(at), utc.clock(at), utc.input(at)]).toEqual(['4 May, 10:07 UTC', '10:07:00', '2026-05-04T10:07']);
  expect(utc.parseInput('2026-05-04T10:07')).toBe(at);
  const local = timeFormats('local');
  expect(local.parseInput(local.input(at))).toBe(at);
});
