import { setMaxListeners } from 'node:events';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Permit } from '../../engine/types.js';
import { invalid, SpikingRxError, type ErrorCode } from '../../errors.js';
import { clientOf, clientOfStream } from '../client-key.js';
import type { ServiceCore } from '../core.js';
import { MAX_ID_LENGTH } from '../decode-grid.js';
import { grpcStatus, toSpikingRxError } from '../errors.js';
import { SlotClock } from '../slot-clock.js';
import type { RequestRecord } from '../telemetry/requests.js';
import type { Trace } from '../telemetry/tracing.js';
import { principalOf } from './access.js';
import { answerMetadata, beginCall, withAnswerMetadata } from './call.js';
import { Refused } from './definition.js';
import { inboxOf } from './inbox-interceptor.js';
import type { Inbox } from './inboxes.js';
import { Outbox, type Slot } from './outbox.js';
import { resetCall, STATUS_MS } from './reset-call.js';
import type { Compute, StreamKind } from './stream-kind.js';
import { deadlineOf } from './unary.js';
import { StreamWindow } from './window.js';

interface ReadMessage<Q> {
  readonly ids: readonly string[];
  readonly receivedMs: number;
  readonly message: Q;
}

/** A message as it was read; without one, why what it asks for is refused. */
type Read<Q> =
  | (ReadMessage<Q> & { readonly failure?: undefined })
  | (Omit<ReadMessage<Q>, 'message'> & { readonly message?: undefined; readonly failure: SpikingRxError });

/**
 * One call of a method with streams both ways: every request is answered once. A message is taken when the stream's
 * window and the queue have room for it; until then the stream is not read, and HTTP/2 flow control holds the client.
 */
export class AnsweredStream<Q extends object, A, R extends object> {
  readonly #call: ServerDuplexStream<Q | Refused, A>;
  readonly #kind: StreamKind<Q, A, R>;
  readonly #core: ServiceCore;
  readonly #record: RequestRecord;
  readonly #client: string;
  readonly #slotClock = new SlotClock();
  readonly #inbox: Inbox | undefined;
  readonly #outbox: Outbox<R>;
  readonly #window: StreamWindow;
  readonly #abort = new AbortController();
  /** Aborted when the caller is gone or the service stops: nothing waits for room any more. */
  readonly #halt = new AbortController();
  readonly #deadlineMs: number | undefined;
  /** Of the requests in flight. */
  readonly #ids = new Set<string>();
  #started = false;
  #halfClosed = false;
  #over = false;
  /** A message has been read and waits for room; the client may have half-closed behind it. */
  #waiting = false;
  /** Why nothing more is read: the stream ends with it once what is in flight has been answered. */
  #ending: SpikingRxError | undefined;

  constructor(call: ServerDuplexStream<Q | Refused, A>, kind: StreamKind<Q, A, R>, core: ServiceCore) {
    this.#call = call;
    this.#kind = kind;
    this.#core = core;
    this.#record = beginCall(core, { call, method: kind.method, isStream: true });
    this.#client = clientOf(principalOf(call), () => clientOfStream(call.getPeer()));
    this.#deadlineMs = deadlineOf(call.getDeadline());
    this.#inbox = inboxOf(call);
    this.#inbox?.keepUntilTaken();
    this.#window = new StreamWindow(core.config.maxInFlightPerStream);
    setMaxListeners(0, this.#abort.signal);
    this.#outbox = new Outbox<R>({
      sizes: kind,
      write: (answers, written) => call.write(kind.message(answers), written),
      onReleased: () => this.#endWhenDone(),
      onStalled: () => this.#onStalled(),
      stallMs: core.config.requestTimeoutMs,
    });
    core.metrics.requests.streamOpened();
    core.stopSignal.addEventListener('abort', this.#onStop, { once: true });
    this.#listen(core.work.begun());
    if (core.stopSignal.aborted) this.#onStop();
    else call.sendMetadata(answerMetadata(this.#record));
  }

  #listen(done: () => void): void {
    this.#call.on('data', (message: Q | Refused) => this.#onMessage(message));
    this.#call.on('end', () => {
      this.#halfClosed = true;
      this.#endWhenDone();
    });
    // grpc-js says so of every call in the end: when its trailers are out, too.
    this.#call.on('cancelled', () => {
      done();
      this.#onCancelled();
    });
  }

  #onMessage(message: Q | Refused): void {
    const read = this.#readOf(message, this.#inbox?.arrivedMs ?? performance.now());
    if (read.failure?.code === 'PAYLOAD_TOO_LARGE' && read.failure.field === 'grids')
      return this.#endWith(read.failure);
    if (this.#window.hasRoom(read.ids.length) && this.#start(read)) return this.#inbox?.taken();
    this.#call.pause();
    this.#waiting = true;
    void this.#startWhenRoom(read);
  }

  #readOf(message: Q | Refused, receivedMs: number): Read<Q> {
    if (message instanceof Refused) return { ids: message.ids, failure: message.failure, receivedMs };
    if (!this.#started) this.#outbox.ordered = this.#kind.isOrdered(message);
    this.#started = true;
    try {
      return { ids: this.#kind.ids(message), message, receivedMs };
    } catch (error) {
      return { ids: [''], failure: toSpikingRxError(error), receivedMs };
    }
  }

  /** False when it must wait for the queue. */
  #start(read: Read<Q>): boolean {
    if (read.failure) {
      this.#refuse(read.ids, read.failure);
      return true;
    }
    try {
      const permit = this.#core.tryAdmit(this.#kind.size(read.message, this.#client));
      if (permit) this.#submit(read, permit);
      return permit !== undefined;
    } catch (error) {
      this.#refuse(read.ids, toSpikingRxError(error));
      return true;
    }
  }

  /** The stream is paused; it goes on once this message has been taken or refused, and the window is not full. */
  async #startWhenRoom(read: Read<Q>): Promise<void> {
    try {
      const deadlineMs = this.#patience(read);
      await this.#window.room(read.ids.length, deadlineMs);
      if (this.#over) return;
      if (read.failure) throw read.failure;
      const limits = { signal: this.#halt.signal, deadlineMs };
      const size = this.#kind.size(read.message, this.#client);
      this.#submit(read, await this.#core.admitWhenRoom(size, limits));
    } catch (error) {
      this.#refuse(read.ids, toSpikingRxError(error));
    }
    this.#inbox?.taken();
    await this.#window.room(1);
    this.#waiting = false;
    if (this.#over) return;
    if (!this.#core.stopSignal.aborted) this.#call.resume();
    this.#endWhenDone();
  }

  /** When the last of a message's requests would be too late. */
  #patience({ message, receivedMs }: Read<Q>): number {
    const limit = this.#core.config.requestTimeoutMs;
    const asked = message ? this.#kind.patienceMs(message) : [limit];
    const own = receivedMs + Math.min(Math.max(0, ...asked), limit);
    return Math.min(own, this.#deadlineMs ?? own);
  }

  /** Starts every request of a message; its permit goes back with the last answer. */
  #submit({ ids, message, receivedMs }: ReadMessage<Q>, permit: Permit): void {
    let left = ids.length;
    const release = () => {
      if (--left === 0) permit.release();
    };
    let compute: Compute<R> | undefined;
    let failure: SpikingRxError | undefined;
    try {
      compute = this.#kind.prepare(message, {
        record: this.#record,
        signal: this.#abort.signal,
        client: this.#client,
        receivedMs,
        slotClock: this.#slotClock,
        ...(this.#deadlineMs !== undefined && { deadlineMs: this.#deadlineMs }),
      });
    } catch (error) {
      failure = toSpikingRxError(error);
    }
    for (const [i, id] of ids.entries()) {
      const trace = this.#record.trace?.grid(receivedMs);
      const slot = this.#open(id, () => {
        // Over already, unless the client went away before its answer could.
        trace?.end('CANCELLED');
        release();
      });
      if (compute && !slot.duplicate) void this.#answer(slot, compute(i, trace), trace);
      else {
        const refusal = failure ?? duplicateId(this.#kind.idField?.(i) ?? 'id');
        trace?.end(refusal.code);
        this.#fail(slot, refusal);
      }
    }
  }

  /** What is echoed of an overlong id, which is refused later, is its beginning. */
  #open(given: string, release: () => void): Slot<R> & { readonly duplicate: boolean } {
    const id = given.slice(0, MAX_ID_LENGTH);
    const duplicate = this.#kind.idField !== undefined && this.#ids.has(id);
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

  async #answer(slot: Slot<R>, computed: Promise<R>, trace: Trace | undefined): Promise<void> {
    try {
      const answer = await computed;
      trace?.answeredBy(answer);
      this.#outbox.answer(slot, answer);
    } catch (error) {
      const failure = toSpikingRxError(error);
      if (failure.code === 'INTERNAL') this.#record.fault(error);
      trace?.end(failure.code);
      this.#outbox.answer(slot, this.#kind.failed(slot.id, failure));
    }
  }

  /** Answers requests that never held room. */
  #refuse(ids: readonly string[], failure: SpikingRxError): void {
    for (const id of ids)
      this.#fail(
        this.#open(id, () => undefined),
        failure,
      );
  }

  #fail(slot: Slot<R>, failure: SpikingRxError): void {
    this.#core.grids.ended(this.#record, failure.code);
    this.#outbox.answer(slot, this.#kind.failed(slot.id, failure));
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
    this.#core.log.warn({ ...this.#record.line, inFlight: this.#window.inFlight }, `stream ended: ${reason}`);
    this.#finish('DEADLINE_EXCEEDED');
    this.#abandon();
    const status = grpcStatus(new SpikingRxError('DEADLINE_EXCEEDED', reason));
    this.#call.emit('error', withAnswerMetadata(status, this.#record));
    // The status waits behind what is not read.
    setTimeout(() => resetCall(this.#call), STATUS_MS);
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
    this.#core.metrics.requests.streamClosed();
    this.#record.end(code);
  }
}

function duplicateId(field: string): SpikingRxError {
  return invalid(
    field,
    'an id of its own among the requests in flight',
    'the id of one that is not answered yet',
  );
}
