import type { components, paths } from './api-types';
import { noteServerTime } from './clock';
import { useNamedProject } from './project';

/** What the server's own document says that comes back. `npm run types` makes it of docs/openapi.json. */
export type Schemas = components['schemas'];

type Json<Responses> = Responses extends { 200: { content: { 'application/json': infer Answer } } } ? Answer
  : Responses extends { 201: { content: { 'application/json': infer Answer } } } ? Answer
    : Responses extends { 202: { content: { 'application/json': infer Answer } } } ? Answer
      : Responses extends { 204: unknown } ? null : never;
type Asked<Method extends string> = {
  [P in keyof paths]: paths[P] extends Record<Method, { responses: infer R }> ? (Json<R> extends never ? never : P) : never;
}[keyof paths];
type AnswerOf<P extends keyof paths, Method extends string> = paths[P] extends Record<Method, { responses: infer R }> ? Json<R> : never;
type Failure = paths['/info']['get']['responses']['default']['content']['application/json'];

export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** The address of a question; what is null or undefined is left out. */
export function urlOf(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    // A list goes as a parameter for each of its values: these may have commas.
    if (Array.isArray(value)) for (const one of value as readonly string[]) parameters.append(name, one);
    else if (value !== null && value !== undefined) parameters.set(name, `${value as string | number}`);
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * Fetches what the server has at an address; rejects with a sentence that can be shown.
 * @param place What stands for `{id}` or the like in the path.
 */
export const getJson = <P extends Asked<'get'>>(path: P, query: Query, signal: AbortSignal, place?: number | string) =>
  askJson<AnswerOf<P, 'get'>>(
    urlOf(place === undefined ? path : path.replace(/\{\w+\}/, encodeURIComponent(place)), query),
    { signal, headers: headers() },
  );

/**
 * Has the server do something; answers and rejects as `getJson` does.
 * @param places What stands for `{id}` and the like in the path.
 */
export const sendJson = <M extends 'post' | 'put' | 'patch' | 'delete', P extends Asked<M>>(
  method: M,
  path: P,
  body?: unknown,
  places: Record<string, string | number> = {},
  query: Query = {},
) =>
  askJson<AnswerOf<P, M>>(urlOf(placed(path, places), query), {
    method: method.toUpperCase(),
    headers: { ...headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const placed = (path: string, places: Record<string, string | number>) =>
  Object.entries(places).reduce((url, [name, value]) => url.replace(`{${name}}`, encodeURIComponent(value)), path);

function headers() {
  const { named } = useNamedProject.getState();
  return { accept: 'application/json', ...(named === null ? {} : { 'x-bayou-project': encodeURI(named) }) };
}

async function askJson<Answer>(url: string, request: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new ApiError('the server cannot be reached', 'UNREACHABLE');
  }

  noteServerTime(response.headers.get('date'));
  if (response.status === 204) return null as Answer;
  const answer = (await response.json().catch(() => null)) as Answer | Failure | null;
  if (!answer) throw new ApiError(`the server answered ${response.status} without JSON`, 'NO_JSON');
  if (isFailure(answer)) throw new ApiError(answer.error.message, answer.error.code);
  return answer;
}

const isFailure = (answer: unknown): answer is Failure => (answer as Failure).error as Failure['error'] | null !== null;
