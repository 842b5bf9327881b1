import { describe, expect, it } from 'vitest';
import { bodyOf } from './replay-panel';

const recorded = { method: 'POST', path: '/a', query: '', headers: 'x-a: 1\nx-b: 2', body: '{}' };
const how = { confirm: true, stage: 'test', twice: false };

describe('what is sent of a draft', () => {
  it('is nothing but how, where nothing was edited', () => {
    expect(bodyOf(recorded, recorded, how)).toEqual(how);
  });

  it('is what was edited, headers all together', () => {
    expect(bodyOf(recorded, { ...recorded, path: '/b', headers: 'x-a: 1:2\n\nx-c:3' }, how))
      .toEqual({ ...how, path: '/b', headers: { 'x-a': '1:2', 'x-c': '3' } });
  });
});
