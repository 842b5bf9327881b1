import { describe, expect, it } from 'vitest';
import { logQuery, readLogFilters, searchedWords, writeLogFilters } from './log-filters';

describe('the URL of the logs page', () => {
  it('says all there is to a view, and reads back the same', () => {
    const written = writeLogFilters(new URLSearchParams('range=6h&line=7&line=8'), {
      search: '"a phrase" -not', mode: 'keyword', levels: ['error', 'warn'], sources: ['a', 'b,c'], pattern: 12, trace: 't-1', service: 'shop',
      meta: [{ key: 'user.id', value: '5=6', isNegated: false }, { key: 'x', value: '', isNegated: true }],
    });
    expect(written.has('line')).toBe(false);
    expect(readLogFilters(written)).toEqual({
      range: { kind: 'last', name: '6h' }, service: 'shop', search: '"a phrase" -not', mode: 'keyword', levels: ['error', 'warn'], sources: ['a', 'b,c'],
      pattern: 12, trace: 't-1', meta: [{ key: 'user.id', value: '5=6', isNegated: false }, { key: 'x', value: '', isNegated: true }],
    });
  });

  it('leaves out what is as by default', () => {
    const back = writeLogFilters(new URLSearchParams('search=x&mode=semantic&level=error&source=a&pattern=1&trace=t&meta=a%3Db'), {
      search: '', mode: 'hybrid', levels: [], sources: [], pattern: null, trace: null, meta: [],
    });
    expect(back.toString()).toBe('');
  });

  it('takes nothing that it does not understand', () => {
    const { mode, levels, pattern, meta } = readLogFilters(new URLSearchParams('mode=odd&level=loud,warn&pattern=x&meta=nothing'));
    expect({ mode, levels, pattern, meta }).toEqual({ mode: 'hybrid', levels: ['warn'], pattern: null, meta: [] });
  });

  it('asks the API by operators', () => {
    const filters = readLogFilters(new URLSearchParams('level=error,fatal&source=a&source=b&search=x&mode=semantic&meta=a.b%3D1&meta=-c%3D2'));
    expect(logQuery(filters)).toMatchObject({
      level__in: 'error,fatal',
      source: null,
      source__in: ['a', 'b'],
      search: 'x',
      mode: 'semantic',
      'meta.a.b': '1',
      'meta.c__ne': '2',
    });
  });
});

describe('the words of a search', () => {
  it.each([
    ['two words', ['two', 'words']],
    ['"a phrase" -"not this" -nor source:API LEVEL:error', ['a phrase']],
    ['http://host:80 "left open', ['http://host:80', 'left open']],
    ['', []],
  ])('%s', (search, words) => { expect(searchedWords(search)).toEqual(words); });
});
