/** Calls of the service that serves the page. One way for all: the key goes along, errors come in one form. */
import { askForKey, key } from './key.js';

/** What the service, or the way to it, said instead of an answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** HTTP's, or 0 where no answer came. */
    readonly status: number,
    /** One of docs/errors.md, or `UNREACHABLE`. */
    readonly code: string,
    message: string,
    /** Path of the field at fault, as in the request. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/**
 * Sends a request, with the key where there is one. Where the service wants another, the viewer is asked, and the
 * request sent again.
 * @param path Relative to the page, without a leading slash: `v1/models`
 * @throws {ApiError} for every answer that is not 2xx
 */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const used = key.value;
    const response = await send(path, init, used);
    if (response.ok) return response;
    const error = await errorOf(response);
    if (response.status !== 401) throw error;
    // Another call may have asked for it meanwhile.
    if (key.value === used && !(await askForKey())) throw error;
    init.signal?.throwIfAborted();
  }
}

export async function getJson<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json');
  return (await (await call(path, { ...init, headers })).json()) as T;
}

async function send(path: string, init: RequestInit, used: string | undefined): Promise<Response> {
  const headers = new Headers(init.headers);
  if (used !== undefined) headers.set('authorization', `Bearer ${used}`);
  try {
    return await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit' });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'UNREACHABLE', 'The service cannot be reached.');
  }
}

/** The body of an error is `{ error: { code, message, field … } }`; what a proxy says may be anything. */
async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const { code, message, field } = detailsOf(text);
  return new ApiError(
    response.status,
    code ?? `HTTP ${response.status}`,
    message ?? `The service answered ${response.status} ${response.statusText}`.trim(),
    field,
  );
}

interface Details {
  readonly code?: string;
  readonly message?: string;
  readonly field?: string;
}

function detailsOf(text: string): Details {
  try {
    const body: unknown = JSON.parse(text);
    return (body as { error?: Details } | null)?.error ?? {};
  } catch {
    return {};
  }
}
