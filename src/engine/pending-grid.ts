import { type ErrorCode, SpikingRxError } from '../errors.js';
import type { RepositoryModel } from './model-repository.js';
import type { Row } from './row.js';
import type { LlrTiming, RequestTerms } from './types.js';
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
  /** Batches that lost their worker while they ran with this grid in them. */
  lostBatches = 0;
  /** A number of its own once it may have killed a worker: it shares no batch then. */
  suspect: number | undefined;
  private settled = false;
  private batchedMs: number | undefined;
  private batchSize = 0;
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
    const { signal, deadlineMs } = this.request;
    if (signal?.aborted === true) {
      this.onAbort();
      return;
    }
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (deadlineMs !== undefined) this.watchDeadline(deadlineMs);
  }

  /** Notes that the grid left the queue in a batch of `batchSize`. */
  enterBatch(batchSize: number): void {
    this.batchedMs = performance.now();
    this.batchSize = batchSize;
  }

  succeed(tensors: readonly RowAnswer[], computeMs: number): void {
    const timing = this.timing(computeMs);
    if (this.settle('OK', timing)) this.resolveAnswer({ tensors, timing });
  }

  fail(error: SpikingRxError): void {
    if (this.settle(error.code, this.timing(0))) this.rejectAnswer(error);
  }

  private readonly onAbort = (): void => {
    this.fail(new SpikingRxError('CANCELLED', 'the request was cancelled'));
  };

  private watchDeadline(deadlineMs: number): void {
    const leftMs = deadlineMs - performance.now();
    if (leftMs > 0) {
      // Timers are whole milliseconds and may fire a little early: look again.
      const waitMs = Math.min(MAX_TIMER_MS, Math.ceil(leftMs));
      this.timer = setTimeout(() => this.watchDeadline(deadlineMs), waitMs);
      return;
    }
    const where =
      this.batchedMs === undefined ? 'while it waited in the queue' : 'while its batch was running';
    this.fail(new SpikingRxError('DEADLINE_EXCEEDED', `the deadline passed ${where}`));
  }

  private timing(computeMs: number): LlrTiming {
    const queueMs = (this.batchedMs ?? performance.now()) - this.enqueuedMs;
    return { queueMs, computeMs, batchSize: this.batchSize };
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
