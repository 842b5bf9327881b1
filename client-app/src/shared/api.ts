import { noteServerTime } from './clock';

/** The shape of every JSON answer. */
interface Envelope<T, M> {
  data: T | null;
  error: { code: string; message: string; trace_id: string } | null;
  metadata: M | null;
}

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

/** Fetches an enveloped answer; rejects with a sentence that can be shown. */
export const getJson = <T, M = unknown>(url: string, signal: AbortSignal) => askJson<T, M>(url, { signal, headers: { accept: 'application/json' } });

/** Sends a body; answers and rejects as `getJson` does. */
export const sendJson = <T>(method: string, url: string, body: unknown) =>
  askJson<T, unknown>(url, { method, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function askJson<T, M>(url: string, request: RequestInit): Promise<{ data: T; metadata: M }> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new ApiError('the server cannot be reached', 'UNREACHABLE');
  }

  noteServerTime(response.headers.get('date'));
  const envelope = (await response.json().catch(() => null)) as Envelope<T, M> | null;
  if (!envelope) throw new ApiError(`the server answered ${response.status} without JSON`, 'NO_JSON');
  if (envelope.error) throw new ApiError(envelope.error.message, envelope.error.code);
  return { data: envelope.data as T, metadata: envelope.metadata as M };
}
