import type { components, paths } from './api-types';
import { noteServerTime } from './clock';

/** What the server's own document says that comes back. `npm run types` makes it of docs/openapi.json. */
export type Schemas = components['schemas'];

type Json<Responses> = Responses extends { 200: { content: { 'application/json': infer Answer } } } ? Answer : never;
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
 * @param place What stands for `{id}` in the path.
 */
export const getJson = <P extends Asked<'get'>>(path: P, query: Query, signal: AbortSignal, place?: number) =>
  askJson<AnswerOf<P, 'get'>>(urlOf(place === undefined ? path : path.replace('{id}', `${place}`), query), { signal, headers: { accept: 'application/json' } });

/** Sends a body; answers and rejects as `getJson` does. */
export const postJson = <P extends Asked<'post'>>(path: P, body: unknown) =>
  askJson<AnswerOf<P, 'post'>>(path, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function askJson<Answer>(url: string, request: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new ApiError('the server cannot be reached', 'UNREACHABLE');
  }

  noteServerTime(response.headers.get('date'));
  const answer = (await response.json().catch(() => null)) as Answer | Failure | null;
  if (!answer) throw new ApiError(`the server answered ${response.status} without JSON`, 'NO_JSON');
  if (isFailure(answer)) throw new ApiError(answer.error.message, answer.error.code);
  return answer;
}

const isFailure = (answer: unknown): answer is Failure => (answer as Failure).error as Failure['error'] | null !== null;
