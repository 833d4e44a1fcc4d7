/** Reads the service's event stream, and begins again when it ends: `GET /v1/live`. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { LiveEvents } from '../../wire/live.js';
import { ApiError } from '../api/client.js';

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Lost; tried again by itself. */
  | { readonly kind: 'lost'; readonly message: string }
  /** Refused: not tried again until asked to. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

export interface StreamOptions {
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly onEvent: <Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]) => void;
  readonly onState: (state: StreamState) => void;
  readonly signal: AbortSignal;
  /** Milliseconds until the n-th try in a row, from 0. */
  readonly backOffMs?: (tries: number) => number;
  /** A stream that says nothing for so long is given up. Milliseconds. */
  readonly silenceMs?: number;
}

const NAMES: ReadonlySet<string> = new Set<keyof LiveEvents>(['service', 'history', 'sample']);

/** Follows the stream until the signal aborts, or the service refuses it. */
export async function followStream(options: StreamOptions): Promise<void> {
  const { onState, signal, backOffMs = doubling } = options;
  let tries = 0;
  onState({ kind: 'connecting' });
  while (!signal.aborted) {
    try {
      await readOnce(options, () => (tries = 0));
      if (!signal.aborted) onState({ kind: 'lost', message: 'The service ended the stream.' });
    } catch (error) {
      if (signal.aborted) return;
      if (isRefusal(error)) return onState({ kind: 'refused', status: error.status, message: error.message });
      onState({ kind: 'lost', message: error instanceof ApiError ? error.message : 'The connection broke.' });
    }
    await pause(backOffMs(tries++), signal);
  }
}

/** Half a second, one, two, … fifteen. */
function doubling(tries: number): number {
  return Math.min(15_000, 500 * 2 ** tries);
}

/** What another try would be told again; a service that starts or is busy says other things. */
function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && [400, 401, 403, 404, 405, 406].includes(error.status);
}

async function readOnce(options: StreamOptions, onAlive: () => void): Promise<void> {
  const { open, onEvent, onState, signal, silenceMs = 20_000 } = options;
  const silence = new AbortController();
  const ends = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    const { body } = await open(ends);
    if (!body) return;
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
        controller.enqueue(chunk);
      },
    });
    const events = body
      .pipeThrough(heard)
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .pipeThrough(new EventSourceParserStream());
    let isLive = false;
    for await (const { event, data } of valuesOf(events)) {
      onAlive();
      if (!isLive) onState({ kind: 'live' });
      isLive = true;
      if (event !== undefined && NAMES.has(event)) onEvent(event as keyof LiveEvents, JSON.parse(data));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Not every browser iterates a stream by itself. */
async function* valuesOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // On the way out after an error there is nobody left to tell.
    reader.cancel().catch(() => undefined);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
