import type { CapturedRequest } from './queries';
import { headersOf, isMarked, textOf } from './message';

const NOT_SENT = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding']);

/** What of a captured request goes into a command: no secret, as none was kept. */
function parts(request: CapturedRequest) {
  const host = headersOf(request.headers).find(([name]) => name === 'host')?.[1] ?? 'localhost';
  const query = request.query_string === '' ? '' : `?${request.query_string}`;
  return {
    host,
    target: `${request.path}${query}`,
    url: `https://${host}${request.path}${query}`,
    headers: headersOf(request.headers).filter(([name, value]) => !NOT_SENT.has(name) && !isMarked(value)),
    body: typeof request.body === 'string' ? request.body : request.body === null ? '' : JSON.stringify(request.body),
  };
}

const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(request: CapturedRequest): string {
  const { url, headers, body } = parts(request);
  return [
    `curl -X ${request.method} ${shell(url)}`,
    ...headers.map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`),
    ...(body === '' ? [] : [`--data-raw ${shell(body)}`]),
  ].join(' \\\n  ');
}

/** RFC 9112, as .http files have it. */
export function asHttp(request: CapturedRequest): string {
  const { url, headers, body } = parts(request);
  return [`${request.method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', body].join('\n');
}

export function asFetch(request: CapturedRequest): string {
  const { url, headers, body } = parts(request);
  const options = { method: request.method, headers: Object.fromEntries(headers), ...(body === '' ? {} : { body }) };
  return `await fetch(${JSON.stringify(url)}, ${JSON.stringify(options, null, 2)});`;
}

export function asCSharp(request: CapturedRequest): string {
  const { url, headers, body } = parts(request);
  const type = headers.find(([name]) => name === 'content-type')?.[1];
  return [
    'using var http = new HttpClient();',
    `using var request = new HttpRequestMessage(new HttpMethod(${JSON.stringify(request.method)}), ${JSON.stringify(url)});`,
    ...headers.filter(([name]) => !name.startsWith('content-'))
      .map(([name, value]) => `request.Headers.TryAddWithoutValidation(${JSON.stringify(name)}, ${JSON.stringify(value)});`),
    ...(body === '' ? [] : [
      `request.Content = new StringContent(${JSON.stringify(body)});`,
      ...(type ? [`request.Content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(${JSON.stringify(type)});`] : []),
    ]),
    'using var response = await http.SendAsync(request);',
  ].join('\n');
}

/** HTTP Archive 1.2, as browsers' tools and Postman read it. */
export function asHar(requests: readonly CapturedRequest[]): string {
  const pairs = (headers: unknown) => headersOf(headers).map(([name, value]) => ({ name, value }));
  const typeOf = (headers: unknown) => headersOf(headers).find(([name]) => name === 'content-type')?.[1] ?? '';
  const entries = requests.map((request) => {
    const [body, answer] = [textOf(request.body), textOf(request.response_body)];
    return {
      startedDateTime: request.timestamp,
      time: request.duration,
      request: {
        method: request.method, url: parts(request).url, httpVersion: 'HTTP/1.1', cookies: [], headers: pairs(request.headers),
        queryString: [...new URLSearchParams(request.query_string)].map(([name, value]) => ({ name, value })),
        ...(body === '' ? {} : { postData: { mimeType: typeOf(request.headers), text: body } }),
        headersSize: -1, bodySize: body.length,
      },
      response: {
        status: request.status_code, statusText: '', httpVersion: 'HTTP/1.1', cookies: [], headers: pairs(request.response_headers),
        content: { size: answer.length, mimeType: typeOf(request.response_headers), text: answer },
        redirectURL: '', headersSize: -1, bodySize: answer.length,
      },
      cache: {},
      timings: { send: 0, wait: request.duration, receive: 0 },
      comment: `captured request ${request.id}`,
    };
  });
  return JSON.stringify({ log: { version: '1.2', creator: { name: 'Bayou', version: '1' }, entries } }, null, 2);
}
