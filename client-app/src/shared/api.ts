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

/** Fetches an enveloped answer; rejects with a sentence that can be shown. */
export async function getJson<T, M>(url: string, signal: AbortSignal): Promise<{ data: T; metadata: M }> {
  let response: Response;
  try {
    response = await fetch(url, { signal, headers: { accept: 'application/json' } });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError('the server cannot be reached', 'UNREACHABLE');
  }

  const envelope = (await response.json().catch(() => null)) as Envelope<T, M> | null;
  if (!envelope) throw new ApiError(`the server answered ${response.status} without JSON`, 'NO_JSON');
  if (envelope.error) throw new ApiError(envelope.error.message, envelope.error.code);
  return { data: envelope.data as T, metadata: envelope.metadata as M };
}
