import { once } from 'node:events';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { SpikingRxError } from '../errors.js';
import { grpcError } from './grpc-error.js';
import type {
  GridResultMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from '../wire/messages.js';
import type { ClientGrid, ComputeOptions, GridLlr } from './types.js';
import { gridError, gridLlr, requestMessage } from './wire.js';

export interface StreamOptions extends ComputeOptions {
  /** Answers in the order the grids were sent. */
  readonly ordered?: boolean;
  /** Most grids sent and not yet answered; 32 when left out. */
  readonly window?: number;
}

/** The LLRs of one grid, or why there are none. */
export type StreamAnswer =
  | (GridLlr & { readonly error?: undefined })
  | { readonly id: string; readonly error: SpikingRxError };

type Call = ClientDuplexStream<StreamLlrRequestMessage, StreamLlrResponseMessage>;
export type GridSource =
  | AsyncIterable<ClientGrid | readonly ClientGrid[]>
  | Iterable<ClientGrid | readonly ClientGrid[]>;

/** Counts unanswered grids and lets the sender wait for room. */
class Window {
  #used = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(readonly size: number) {}

  /** Resolves to false once the stream is over. A message larger than the window goes out alone. */
  async take(count: number): Promise<boolean> {
    while (!this.#closed && this.#used > 0 && this.#used + count > this.size)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    this.#used += count;
    return !this.#closed;
  }

  give(count: number): void {
    this.#used -= count;
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}

/** Yields one answer for each grid. Leaving the loop early cancels what is in flight. */
export async function* streamGrids(
  open: () => Call,
  source: GridSource,
  options: StreamOptions,
): AsyncGenerator<StreamAnswer, void, undefined> {
  options.signal?.throwIfAborted();
  const call = open();
  const window = new Window(options.window ?? 32);
  const cancel = () => call.cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  const ofSource: { failure?: { readonly error: unknown } } = {};
  send({ call, window, source, options }).catch((error: unknown) => {
    ofSource.failure = { error };
    call.cancel();
  });
  try {
    for await (const message of call as AsyncIterable<StreamLlrResponseMessage>) {
      window.give(message.results.length);
      for (const result of message.results) yield answerOf(result);
    }
  } catch (error) {
    // When the caller's own source failed, that is the cause, not the cancellation it led to. One that has nothing to
    // send just now is not waited for.
    throw ofSource.failure ? ofSource.failure.error : grpcError(error as ServiceError);
  } finally {
    window.close();
    options.signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

async function send(sender: {
  readonly call: Call;
  readonly window: Window;
  readonly source: GridSource;
  readonly options: StreamOptions;
}): Promise<void> {
  const { call, window, source, options } = sender;
  const ended = new AbortController();
  call.once('close', () => ended.abort());
  call.once('error', () => ended.abort());
  for await (const item of source) {
    const grids: readonly ClientGrid[] = Array.isArray(item) ? item : [item as ClientGrid];
    if (!(await window.take(grids.length))) return;
    const ordered = options.ordered ?? false;
    if (!call.write({ ...requestMessage(grids, options), ordered })) {
      await once(call, 'drain', { signal: ended.signal }).catch(() => undefined);
      if (ended.signal.aborted) return;
    }
  }
  call.end();
}

function answerOf(result: GridResultMessage): StreamAnswer {
  return result.error ? { id: result.id, error: gridError(result.error) } : gridLlr(result);
}
