import type { RequestSize } from '../../engine/types.js';
import type { SpikingRxError } from '../../errors.js';
import type { SlotClock } from '../slot-clock.js';
import type { RequestRecord } from '../telemetry/requests.js';
import type { Trace } from '../telemetry/tracing.js';
import type { AnswerSizes } from './outbox.js';

/** What the requests of one message are computed with. */
export interface StreamContext {
  readonly record: RequestRecord;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** Whose the requests are, for fairness. */
  readonly client: string;
  /** When the message was read, on the `performance.now()` clock; time limits count from it. */
  readonly receivedMs: number;
  readonly slotClock: SlotClock;
  /** Of the call, on the same clock. */
  readonly deadlineMs?: number;
}

/** Computes one request of a message; `trace` is its own. */
export type Compute<R> = (index: number, trace: Trace | undefined) => Promise<R>;

/**
 * What one method makes of its messages: Q asks for one answer or several, R is one answer, A is a message of
 * answers.
 */
export interface StreamKind<Q, A, R extends object> extends AnswerSizes<R> {
  readonly method: string;
  /** Whether answers leave in the order of their requests, as the first message has it. */
  isOrdered(first: Q): boolean;
  /** Ids of the answers that a message asks for. @throws what the whole message is refused with. */
  ids(message: Q): readonly string[];
  /** Path of a request's id in its message, for errors. Left out where ids need not differ. */
  idField?(index: number): string;
  size(message: Q, client: string): RequestSize;
  /** How long each request of a message may take from when it was read, in milliseconds. */
  patienceMs(message: Q): readonly number[];
  /** What is common to the requests of a message. @throws what each of them is answered with. */
  prepare(message: Q, context: StreamContext): Compute<R>;
  failed(id: string, failure: SpikingRxError): R;
  message(answers: readonly R[]): A;
}
