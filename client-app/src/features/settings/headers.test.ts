import { expect, test } from 'vitest';
import { headersOf } from './headers';

test('each line is a header, and values may have colons', () => {
  expect(headersOf('Authorization: Bearer a:b\n\n x-key:7 ')).toEqual({ headers: { Authorization: 'Bearer a:b', 'x-key': '7' } });
  expect(headersOf('')).toEqual({ headers: {} });
  expect(headersOf('Bearer a')).toEqual({ wrong: 'Bearer a is no header: write Name: value' });
});
