import { type ErrorCode, SpikingRxError } from '../errors.js';
import type { HeapEntry } from './keyed-heap.js';
import type { RepositoryModel } from './model-repository.js';
import type { Row } from './row.js';
import type { LlrTiming, Priority, RequestTerms } from './types.js';
import type { RowAnswer } from './worker-protocol.js';

/** How one request ended; `timing` as far as it got. */
export interface PendingOutcome {
  readonly code: 'OK' | ErrorCode;
  readonly timing: LlrTiming;
}

/** What a batch made of a row. */
export interface PendingAnswer {
  /** In the order of the row's outputs. */
  readonly tensors: readonly RowAnswer[];
  readonly timing: LlrTiming;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One row between its request and its answer. It is answered exactly once: by its batch, by its abort
 * signal or by its deadline, whichever comes first; whatever comes later is dropped.
 */
export class PendingGrid {
  readonly answer: Promise<PendingAnswer>;
  readonly client: string;
  readonly priority: Priority;
  /** Among those without an answer. */
  place = 0;
  /** While it waits in the queue. */
  entry: HeapEntry | undefined;
  /** Infinity when there is none. */
  readonly deadlineMs: number;
  readonly urgent: boolean;
  /** Batches that lost their worker while they ran with this grid in them. */
  lostBatches = 0;
  /** A number of its own once a batch with it failed or killed its worker: it shares none then. */
  suspect: number | undefined;
  private settled = false;
  private batchedMs: number | undefined;
  private batchSize = 0;
  private slackMs: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private resolveAnswer!: (answer: PendingAnswer) => void;
  private rejectAnswer!: (error: SpikingRxError) => void;

  /** @param onSettled called once, synchronously, when the answer is decided. */
  constructor(
    readonly request: RequestTerms,
    readonly row: Row,
    readonly model: RepositoryModel,
    private readonly onSettled: (grid: PendingGrid, outcome: PendingOutcome) => void,
    readonly enqueuedMs: number = performance.now(),
  ) {
    const { client = '', priority = 'normal', deadlineMs, urgent = false } = request;
    this.client = client;
    this.priority = priority;
    this.deadlineMs = deadlineMs ?? Number.POSITIVE_INFINITY;
    this.urgent = urgent && deadlineMs !== undefined;
    this.answer = new Promise((resolve, reject) => {
      this.resolveAnswer = resolve;
      this.rejectAnswer = reject;
    });
  }

  get isSettled(): boolean {
    return this.settled;
  }

  /** Starts to listen to the abort signal and the deadline; either may answer at once. */
  watch(): void {
    const { signal } = this.request;
    if (signal?.aborted === true) {
      this.onAbort();
      return;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (this.deadlineMs < Number.POSITIVE_INFINITY) this.watchDeadline();
  }

  /** Notes that the grid left the queue in a batch of `size`, to be answered at `endMs` if all goes as expected. */
  enterBatch(size: number, endMs: number): void {
    this.batchedMs = performance.now();
    this.batchSize = size;
    if (this.urgent) this.slackMs = this.deadlineMs - endMs;
  }

  /** Notes that its batch was lost and it waits again. */
  leaveBatch(): void {
    this.batchedMs = undefined;
    this.batchSize = 0;
  }

  /** What comes after the deadline is of no use, though its timer may not have noticed yet. */
  succeed(tensors: readonly RowAnswer[], computeMs: number): void {
    if (this.deadlineMs <= performance.now()) {
      this.expire();
      return;
    }
    const timing = this.timing(computeMs);
    if (this.settle('OK', timing)) this.resolveAnswer({ tensors, timing });
  }

  fail(error: SpikingRxError): void {
    if (this.settle(error.code, this.timing(0))) this.rejectAnswer(error);
  }

  private readonly onAbort = (): void => {
    this.fail(new SpikingRxError('CANCELLED', 'the request was cancelled'));
  };

  private watchDeadline(): void {
    const leftMs = this.deadlineMs - performance.now();
    if (leftMs <= 0) {
      this.expire();
      return;
    }
    // Timers are whole milliseconds and may fire a little early: look again.
    const waitMs = Math.min(MAX_TIMER_MS, Math.ceil(leftMs));
    this.timer = setTimeout(() => this.watchDeadline(), waitMs);
  }

  /** The deadline has passed. */
  expire(): void {
    const where =
      this.batchedMs === undefined ? 'while it waited in the queue' : 'while its batch was running';
    this.fail(new SpikingRxError('DEADLINE_EXCEEDED', `the deadline passed ${where}`));
  }

  private timing(computeMs: number): LlrTiming {
    const queueMs = (this.batchedMs ?? performance.now()) - this.enqueuedMs;
    return { queueMs, computeMs, batchSize: this.batchSize, slackMs: this.slackMs };
  }

  /** True for the first caller only. */
  private settle(code: 'OK' | ErrorCode, timing: LlrTiming): boolean {
    if (this.settled) return false;
    this.settled = true;
    clearTimeout(this.timer);
    this.request.signal?.removeEventListener('abort', this.onAbort);
    this.onSettled(this, { code, timing });
    return true;
  }
}
