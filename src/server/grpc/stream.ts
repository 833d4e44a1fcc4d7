import { setMaxListeners } from 'node:events';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type {
  GridMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from '../../client/messages.js';
import type { ModelInfo, Permit } from '../../engine/types.js';
import { SpikingRxError, invalid } from '../../errors.js';
import { checkGridCount, type ServiceCore } from '../core.js';
import { grpcStatus, toSpikingRxError } from '../errors.js';
import type { Logger } from '../log.js';
import { Malformed } from './definition.js';
import { errorMessage, messageBytes, resultMessage, wireGrid } from './messages.js';
import { Outbox, type Slot } from './outbox.js';
import { deadlineOf, malformed } from './unary.js';

export type StreamCall = ServerDuplexStream<StreamLlrRequestMessage | Malformed, StreamLlrResponseMessage>;

/**
 * One `StreamLlr` call. A message is taken when the stream's window and the queue have room for it; until then
 * the stream is not read, and HTTP/2 flow control holds the client.
 */
export class LlrStream {
  readonly #call: StreamCall;
  readonly #core: ServiceCore;
  readonly #log: Logger;
  readonly #outbox: Outbox;
  readonly #abort = new AbortController();
  readonly #deadlineMs: number | undefined;
  /** Of the grids in flight. */
  readonly #ids = new Set<string>();
  #inFlight = 0;
  #started = false;
  #halfClosed = false;
  #over = false;
  /** A message has been read and waits for room; the client may have half-closed behind it. */
  #waiting = false;
  #wakeWindow: (() => void) | undefined;

  constructor(call: StreamCall, parts: { readonly core: ServiceCore; readonly log: Logger }) {
    this.#call = call;
    this.#core = parts.core;
    this.#log = parts.log;
    this.#deadlineMs = deadlineOf(call.getDeadline());
    setMaxListeners(0, this.#abort.signal);
    this.#outbox = new Outbox({
      write: (message, written) => call.write(message, written),
      onReleased: () => this.#afterRelease(),
      onStalled: () => this.#onStalled(),
      stallMs: parts.core.config.requestTimeoutMs,
    });
    parts.core.metrics.streamOpened();
    parts.core.stopSignal.addEventListener('abort', this.#onStop, { once: true });
    call.on('data', (message: StreamLlrRequestMessage | Malformed) => this.#onMessage(message));
    call.on('end', () => {
      this.#halfClosed = true;
      this.#endWhenDone();
    });
    call.on('cancelled', () => this.#onCancelled());
    if (parts.core.stopSignal.aborted) this.#onStop();
  }

  #onMessage(message: StreamLlrRequestMessage | Malformed): void {
    if (message instanceof Malformed) return this.#refuse([{ id: '' }], malformed(message));
    if (!this.#started) this.#outbox.ordered = message.ordered ?? false;
    this.#started = true;
    const grids = message.grids ?? [];
    try {
      checkGridCount(grids.length, this.#core.config);
    } catch (error) {
      return this.#refuse(grids.length === 0 ? [{ id: '' }] : grids, toSpikingRxError(error));
    }
    const permit = this.#hasRoom(grids.length) ? this.#tryAdmit(message) : undefined;
    if (permit) return this.#submit(message, permit);
    this.#call.pause();
    this.#waiting = true;
    void this.#submitWhenRoom(message);
  }

  #hasRoom(grids: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + grids <= this.#core.config.maxInFlightPerStream;
  }

  /** Undefined when it must wait, or will be refused by the waiting path with its reason. */
  #tryAdmit(message: StreamLlrRequestMessage): Permit | undefined {
    try {
      return this.#core.admit({ grids: message.grids?.length ?? 0, bytes: messageBytes(message) });
    } catch {
      return undefined;
    }
  }

  /** The stream is paused; it goes on once this message has been taken or refused. */
  async #submitWhenRoom(message: StreamLlrRequestMessage): Promise<void> {
    const grids = message.grids ?? [];
    try {
      const limitMs = this.#core.deadline(message.timeoutMs ?? undefined, 'timeoutMs');
      const deadlineMs = Math.min(limitMs, this.#deadlineMs ?? limitMs);
      while (!this.#hasRoom(grids.length) && !this.#over)
        await new Promise<void>((resolve) => {
          this.#wakeWindow = resolve;
        });
      if (this.#over) return;
      const size = { grids: grids.length, bytes: messageBytes(message) };
      const signal = AbortSignal.any([this.#abort.signal, this.#core.stopSignal]);
      this.#submit(message, await this.#core.admitWhenRoom(size, { signal, deadlineMs }));
    } catch (error) {
      this.#refuse(grids, toSpikingRxError(error));
    }
    this.#waiting = false;
    if (this.#over) return;
    if (!this.#core.stopSignal.aborted) this.#call.resume();
    this.#endWhenDone();
  }

  /** Starts every grid of a message; its permit goes back with the last answer. */
  #submit(message: StreamLlrRequestMessage, permit: Permit): void {
    const grids = message.grids ?? [];
    let left = grids.length;
    const release = () => {
      if (--left === 0) permit.release();
    };
    let model: ModelInfo | undefined;
    let failure: SpikingRxError | undefined;
    try {
      model = this.#core.model(message.model, message.version);
    } catch (error) {
      failure = toSpikingRxError(error);
    }
    for (const [i, grid] of grids.entries()) {
      const slot = this.#open(grid.id ?? '', release);
      if (model && !slot.duplicate) void this.#compute({ slot, grid, message, model, field: `grids[${i}]` });
      else this.#fail(slot, failure ?? duplicateId(`grids[${i}].id`));
    }
  }

  #open(id: string, release: () => void): Slot & { readonly duplicate: boolean } {
    const duplicate = this.#ids.has(id);
    this.#ids.add(id);
    this.#inFlight++;
    let held = true;
    const slot = {
      id,
      duplicate,
      release: () => {
        if (!held) return;
        held = false;
        this.#inFlight--;
        if (!duplicate) this.#ids.delete(id);
        release();
      },
    };
    this.#outbox.open(slot);
    return slot;
  }

  async #compute(job: {
    readonly slot: Slot;
    readonly grid: GridMessage;
    readonly message: StreamLlrRequestMessage;
    readonly model: ModelInfo;
    readonly field: string;
  }): Promise<void> {
    const { slot, grid, message, model, field } = job;
    try {
      const answer = await this.#core.computeGrid(() => wireGrid(grid, message, field), {
        transport: 'grpc',
        model,
        field,
        signal: this.#abort.signal,
        ...(this.#deadlineMs !== undefined && { deadlineMs: this.#deadlineMs }),
      });
      this.#outbox.answer(slot, resultMessage(answer));
    } catch (error) {
      const failure = toSpikingRxError(error);
      if (failure.code === 'INTERNAL') this.#log.error({ err: error, id: slot.id }, 'grid failed');
      this.#outbox.answer(slot, errorMessage(slot.id, failure));
    }
  }

  /** Answers grids that never held room. */
  #refuse(grids: readonly GridMessage[], failure: SpikingRxError): void {
    for (const { id } of grids)
      this.#fail(
        this.#open(id ?? '', () => undefined),
        failure,
      );
  }

  #fail(slot: Slot, failure: SpikingRxError): void {
    this.#core.metrics.gridsEnded('grpc', failure.code);
    this.#outbox.answer(slot, errorMessage(slot.id, failure));
  }

  #afterRelease(): void {
    if (this.#wakeWindow) {
      const wake = this.#wakeWindow;
      this.#wakeWindow = undefined;
      wake();
    }
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#over || this.#waiting || this.#inFlight > 0) return;
    if (this.#halfClosed) {
      this.#finish('OK');
      this.#call.end();
    } else if (this.#core.stopSignal.aborted) {
      this.#finish('UNAVAILABLE');
      this.#call.emit('error', grpcStatus(new SpikingRxError('UNAVAILABLE', 'the service is shutting down')));
    }
  }

  /** The service stops: what is in flight is answered, nothing more is read. */
  readonly #onStop = (): void => {
    this.#call.pause();
    this.#endWhenDone();
  };

  #onCancelled(): void {
    if (this.#over) return;
    this.#finish('CANCELLED');
    this.#abort.abort();
    this.#outbox.close();
    this.#wakeWindow?.();
  }

  /** A client that does not read must not keep the queue's room for ever. */
  #onStalled(): void {
    if (this.#over) return;
    const reason = `answers were not read for ${this.#core.config.requestTimeoutMs} ms`;
    this.#log.warn({ inFlight: this.#inFlight }, `stream ended: ${reason}`);
    this.#finish('DEADLINE_EXCEEDED');
    this.#abort.abort();
    this.#outbox.close();
    this.#wakeWindow?.();
    this.#call.emit('error', grpcStatus(new SpikingRxError('DEADLINE_EXCEEDED', reason)));
  }

  #finish(code: 'OK' | 'CANCELLED' | 'UNAVAILABLE' | 'DEADLINE_EXCEEDED'): void {
    this.#over = true;
    this.#core.stopSignal.removeEventListener('abort', this.#onStop);
    this.#core.metrics.streamClosed();
    this.#core.metrics.requestEnded({ transport: 'grpc', method: 'StreamLlr', code });
  }
}

function duplicateId(field: string): SpikingRxError {
  return invalid(
    field,
    'an id of its own among the grids in flight',
    'the id of a grid that is not answered yet',
  );
}
