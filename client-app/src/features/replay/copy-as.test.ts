import { describe, expect, it } from 'vitest';
import { asCSharp, asCurl, asFetch, asHar, asHttp } from './copy-as';
import type { CapturedRequest } from './queries';

const request = {
  id: 7, method: 'POST', path: "/a'b", query_string: 'x=1', timestamp: '2026-11-29T00:00:00.000Z', duration: 12, status_code: 500,
  headers: { host: 'shop.example.com', 'content-type': 'application/json', authorization: '[redacted 12]', 'content-length': '9', 'x-a': "it's" },
  body: { n: 1 }, response_headers: { 'content-type': 'text/plain' }, response_body: 'no',
} as unknown as CapturedRequest;

describe('a captured request as a command', () => {
  it('is quoted for the shell, without what was secret or is of the connection', () => {
    expect(asCurl(request)).toBe(
      "curl -X POST 'https://shop.example.com/a'\\''b?x=1' \\\n  -H 'content-type: application/json' \\\n  -H 'x-a: it'\\''s' \\\n  --data-raw '{\"n\":1}'");
  });

  it('is a file of HTTP, a fetch, and C#', () => {
    expect(asHttp(request)).toBe("POST https://shop.example.com/a'b?x=1\ncontent-type: application/json\nx-a: it's\n\n{\"n\":1}");
    expect(asFetch(request)).toContain('"body": "{\\"n\\":1}"');
    expect(asCSharp(request)).toContain('MediaTypeHeaderValue.Parse("application/json")');
    for (const text of [asHttp(request), asFetch(request), asCSharp(request)]) expect(text).not.toContain('redacted');
  });

  it('is an archive with its answer', () => {
    interface Entry { request: { queryString: unknown }; response: { status: number } }
    const { log } = JSON.parse(asHar([request])) as { log: { version: string; entries: Entry[] } };
    expect(log.version).toBe('1.2');
    expect(log.entries[0]?.request.queryString).toEqual([{ name: 'x', value: '1' }]);
    expect(log.entries[0]?.response.status).toBe(500);
  });
});
