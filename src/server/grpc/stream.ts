import { setMaxListeners } from 'node:events';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { GridMessage, StreamLlrRequestMessage, StreamLlrResponseMessage } from '../../wire/messages.js';
import type { LlrModelInfo, Permit } from '../../engine/types.js';
import { SpikingRxError, invalid, type ErrorCode } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { MAX_ID_LENGTH } from '../decode-grid.js';
import { clientOfStream } from '../client-key.js';
import { grpcStatus, toSpikingRxError } from '../errors.js';
import type { Logger } from '../log.js';
import { Refused } from './definition.js';
import type { RequestRecord } from '../telemetry/requests.js';
import { answerMetadata, beginCall, withAnswerMetadata } from './call.js';
import { errorMessage, requestSize, resultMessage, wireGrid } from './messages.js';
import { Outbox, type Slot } from './outbox.js';
import { deadlineOf } from './unary.js';
import { StreamWindow } from './window.js';

export type StreamCall = ServerDuplexStream<StreamLlrRequestMessage | Refused, StreamLlrResponseMessage>;

interface ReadMessage {
  readonly ids: readonly string[];
  /** On the `performance.now()` clock; time limits count from it. */
  readonly receivedMs: number;
  readonly message: StreamLlrRequestMessage;
}

/** A message as it was read; without one, why its grids are refused. */
type Read =
  | (ReadMessage & { readonly failure?: undefined })
  | (Omit<ReadMessage, 'message'> & { readonly message?: undefined; readonly failure: SpikingRxError });

/**
 * One `StreamLlr` call. A message is taken when the stream's window and the queue have room for it; until then
 * the stream is not read, and HTTP/2 flow control holds the client.
 */
export class LlrStream {
  readonly #call: StreamCall;
  readonly #core: ServiceCore;
  readonly #log: Logger;
  readonly #record: RequestRecord;
  /** Whose the grids are, for fairness. */
  readonly #client: string;
  readonly #outbox: Outbox;
  readonly #window: StreamWindow;
  /** Aborted when the caller is gone. */
  readonly #abort = new AbortController();
  /** Aborted when the caller is gone or the service stops: nothing waits for room any more. */
  readonly #halt = new AbortController();
  readonly #deadlineMs: number | undefined;
  /** Of the grids in flight. */
  readonly #ids = new Set<string>();
  #started = false;
  #halfClosed = false;
  #over = false;
  /** A message has been read and waits for room; the client may have half-closed behind it. */
  #waiting = false;
  /** Why nothing more is read: the stream ends with it once what is in flight has been answered. */
  #ending: SpikingRxError | undefined;

  constructor(call: StreamCall, parts: { readonly core: ServiceCore; readonly log: Logger }) {
    this.#call = call;
    this.#core = parts.core;
    this.#record = beginCall(parts.core, { call, method: 'StreamLlr', isStream: true });
    this.#log = parts.log.child({ requestId: this.#record.id });
    this.#client = clientOfStream(call.getPeer());
    this.#deadlineMs = deadlineOf(call.getDeadline());
    this.#window = new StreamWindow(parts.core.config.maxInFlightPerStream);
    setMaxListeners(0, this.#abort.signal);
    this.#outbox = new Outbox({
      write: (message, written) => call.write(message, written),
      onReleased: () => this.#endWhenDone(),
      onStalled: () => this.#onStalled(),
      stallMs: parts.core.config.requestTimeoutMs,
    });
    parts.core.metrics.streamOpened();
    parts.core.stopSignal.addEventListener('abort', this.#onStop, { once: true });
    call.on('data', (message: StreamLlrRequestMessage | Refused) => this.#onMessage(message));
    call.on('end', () => {
      this.#halfClosed = true;
      this.#endWhenDone();
    });
    const done = parts.core.workBegun();
    // grpc-js says so of every call in the end: when its trailers are out, too.
    call.on('cancelled', () => {
      done();
      this.#onCancelled();
    });
    if (parts.core.stopSignal.aborted) this.#onStop();
    else call.sendMetadata(answerMetadata(this.#record));
  }

  #onMessage(message: StreamLlrRequestMessage | Refused): void {
    const read = this.#readOf(message, performance.now());
    if (read.failure?.code === 'PAYLOAD_TOO_LARGE' && read.failure.field === 'grids')
      return this.#endWith(read.failure);
    if (this.#window.hasRoom(read.ids.length) && this.#start(read)) return;
    this.#call.pause();
    this.#waiting = true;
    void this.#startWhenRoom(read);
  }

  #readOf(message: StreamLlrRequestMessage | Refused, receivedMs: number): Read {
    if (message instanceof Refused) return { ids: message.ids, failure: message.failure, receivedMs };
    if (!this.#started) this.#outbox.ordered = message.ordered ?? false;
    this.#started = true;
    const ids = message.grids?.map(({ id }) => id ?? '') ?? [];
    if (ids.length > 0) return { ids, message, receivedMs };
    return { ids: [''], failure: invalid('grids', 'at least one grid', 'none'), receivedMs };
  }

  /** False when it must wait for the queue. */
  #start(read: Read): boolean {
    if (!read.message) {
      this.#refuse(read.ids, read.failure);
      return true;
    }
    try {
      const permit = this.#core.tryAdmit(requestSize(read.message, this.#client));
      if (permit) this.#submit(read, permit);
      return permit !== undefined;
    } catch (error) {
      this.#refuse(read.ids, toSpikingRxError(error));
      return true;
    }
  }

  /** The stream is paused; it goes on once this message has been taken or refused, and the window is not full. */
  async #startWhenRoom(read: Read): Promise<void> {
    const { ids, message } = read;
    try {
      const deadlineMs = this.#patience(read);
      await this.#window.room(ids.length, deadlineMs);
      if (this.#over) return;
      if (message) {
        const limits = { signal: this.#halt.signal, deadlineMs };
        const size = requestSize(message, this.#client);
        this.#submit({ ...read, message }, await this.#core.admitWhenRoom(size, limits));
      } else this.#refuse(ids, read.failure);
    } catch (error) {
      this.#refuse(ids, toSpikingRxError(error));
    }
    await this.#window.room(1);
    this.#waiting = false;
    if (this.#over) return;
    if (!this.#core.stopSignal.aborted) this.#call.resume();
    this.#endWhenDone();
  }

  /** When the last of a message's grids would be too late. */
  #patience({ message, receivedMs }: Read): number {
    const limit = this.#core.config.requestTimeoutMs;
    const asked = message?.grids?.map((grid) => grid.timeoutMs ?? message.timeoutMs ?? limit) ?? [];
    const longest = Math.max(1, ...asked);
    const own = receivedMs + Math.min(asked.length > 0 ? longest : limit, limit);
    return Math.min(own, this.#deadlineMs ?? own);
  }

  /** Starts every grid of a message; its permit goes back with the last answer. */
  #submit({ message, receivedMs }: ReadMessage, permit: Permit): void {
    const grids = message.grids ?? [];
    let left = grids.length;
    const release = () => {
      if (--left === 0) permit.release();
    };
    let model: LlrModelInfo | undefined;
    let failure: SpikingRxError | undefined;
    try {
      model = this.#core.llrModel(message.model, message.version);
    } catch (error) {
      failure = toSpikingRxError(error);
    }
    for (const [i, grid] of grids.entries()) {
      const slot = this.#open(grid.id ?? '', release);
      if (model && !slot.duplicate)
        void this.#compute({ slot, grid, message, model, receivedMs, field: `grids[${i}]` });
      else this.#fail(slot, failure ?? duplicateId(`grids[${i}].id`));
    }
  }

  /** What is echoed of an overlong id, which is refused later, is its beginning. */
  #open(given: string, release: () => void): Slot & { readonly duplicate: boolean } {
    const id = given.slice(0, MAX_ID_LENGTH);
    const duplicate = this.#ids.has(id);
    this.#ids.add(id);
    this.#window.take();
    let held = true;
    const slot = {
      id,
      duplicate,
      release: () => {
        if (!held) return;
        held = false;
        this.#window.give();
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
    readonly model: LlrModelInfo;
    readonly receivedMs: number;
    readonly field: string;
  }): Promise<void> {
    const { slot, grid, message, model, receivedMs, field } = job;
    try {
      const answer = await this.#core.computeGrid(() => wireGrid(grid, message, field), {
        record: this.#record,
        model,
        field,
        receivedMs,
        signal: this.#abort.signal,
        client: this.#client,
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
  #refuse(ids: readonly string[], failure: SpikingRxError): void {
    for (const id of ids)
      this.#fail(
        this.#open(id, () => undefined),
        failure,
      );
  }

  #fail(slot: Slot, failure: SpikingRxError): void {
    this.#core.gridsEnded(this.#record, failure.code);
    this.#outbox.answer(slot, errorMessage(slot.id, failure));
  }

  /** Nothing more is read; what is in flight is answered. */
  #endWith(failure: SpikingRxError): void {
    this.#call.pause();
    this.#ending ??= failure;
    this.#endWhenDone();
  }

  #endWhenDone(): void {
    if (this.#over || this.#waiting || this.#window.inFlight > 0) return;
    if (this.#ending) {
      this.#finish(this.#ending.code);
      this.#call.emit('error', withAnswerMetadata(grpcStatus(this.#ending), this.#record));
    } else if (this.#halfClosed) {
      this.#finish('OK');
      this.#call.end();
    }
  }

  /** The service stops: what is in flight is answered, nothing more is read. */
  readonly #onStop = (): void => {
    this.#halt.abort();
    if (this.#halfClosed) return;
    this.#endWith(new SpikingRxError('UNAVAILABLE', 'the service is shutting down'));
  };

  #onCancelled(): void {
    if (this.#over) return;
    this.#finish('CANCELLED');
    this.#abandon();
  }

  /** A client that does not read must not keep the queue's room for ever. */
  #onStalled(): void {
    if (this.#over) return;
    const reason = `answers were not read for ${this.#core.config.requestTimeoutMs} ms`;
    this.#log.warn({ inFlight: this.#window.inFlight }, `stream ended: ${reason}`);
    this.#finish('DEADLINE_EXCEEDED');
    this.#abandon();
    const status = grpcStatus(new SpikingRxError('DEADLINE_EXCEEDED', reason));
    this.#call.emit('error', withAnswerMetadata(status, this.#record));
  }

  #abandon(): void {
    this.#abort.abort();
    this.#halt.abort();
    this.#outbox.close();
    this.#window.close();
  }

  #finish(code: 'OK' | ErrorCode): void {
    this.#over = true;
    this.#core.stopSignal.removeEventListener('abort', this.#onStop);
    this.#core.metrics.streamClosed();
    this.#record.end(code);
  }
}

function duplicateId(field: string): SpikingRxError {
  return invalid(
    field,
    'an id of its own among the grids in flight',
    'the id of a grid that is not answered yet',
  );
}
