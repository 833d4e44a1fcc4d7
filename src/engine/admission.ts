import { SpikingRxError } from '../errors.js';
import type { Permit } from './types.js';

export interface AdmissionLimits {
  readonly maxQueuedGrids: number;
  readonly maxQueuedBytes: number;
}

const MIN_RETRY_MS = 5;
const MAX_RETRY_MS = 10_000;
/** Before anything has completed there is no rate to go by. */
const DEFAULT_RETRY_MS = 100;
/** Weight of the past in the drain rate for each window. */
const RATE_MEMORY = 0.7;
const RATE_WINDOW_MS = 50;

/**
 * Bounds what is inside the engine, in grids and in bytes, from before decoding until the answer is out.
 * `release` of a permit is idempotent.
 */
export class Admission {
  private grids = 0;
  private bytes = 0;
  private draining = false;
  /** Grids released per millisecond, smoothed; 0 until the first window has passed. */
  private ratePerMs = 0;
  private windowStartMs: number;
  private windowGrids = 0;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly limits: AdmissionLimits,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.windowStartMs = this.now();
  }

  get queuedGrids(): number {
    return this.grids;
  }

  get queuedBytes(): number {
    return this.bytes;
  }

  /**
   * @throws UNAVAILABLE once draining, PAYLOAD_TOO_LARGE for what could never fit, QUEUE_FULL with
   *   `retryAfterMs` when there is no room now.
   */
  admit(size: { readonly grids: number; readonly bytes: number }): Permit {
    if (this.draining) throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down');
    this.refuseOversized(size);
    const gridsOver = this.grids + size.grids - this.limits.maxQueuedGrids;
    const bytesOver = this.bytes + size.bytes - this.limits.maxQueuedBytes;
    if (gridsOver > 0 || bytesOver > 0) throw this.queueFull(gridsOver, bytesOver);
    this.grids += size.grids;
    this.bytes += size.bytes;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.release(size);
      },
    };
  }

  /** From now on `admit` refuses; permits already given stay valid. */
  beginDrain(): void {
    this.draining = true;
  }

  /** Resolves when every permit has been released. */
  async idle(): Promise<void> {
    if (this.grids === 0 && this.bytes === 0) return;
    await new Promise<void>((resolve) => {
      this.idleWaiters.push(resolve);
    });
  }

  private release(size: { readonly grids: number; readonly bytes: number }): void {
    this.grids -= size.grids;
    this.bytes -= size.bytes;
    this.windowGrids += size.grids;
    const elapsedMs = this.now() - this.windowStartMs;
    if (elapsedMs >= RATE_WINDOW_MS) {
      const rate = this.windowGrids / elapsedMs;
      this.ratePerMs = this.ratePerMs === 0 ? rate : RATE_MEMORY * this.ratePerMs + (1 - RATE_MEMORY) * rate;
      this.windowStartMs = this.now();
      this.windowGrids = 0;
    }
    if (this.grids > 0 || this.bytes > 0) return;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  private refuseOversized(size: { readonly grids: number; readonly bytes: number }): void {
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    if (size.grids > maxQueuedGrids) {
      throw new SpikingRxError(
        'PAYLOAD_TOO_LARGE',
        `${size.grids} grids in one request, at most ${maxQueuedGrids}`,
      );
    }
    if (size.bytes > maxQueuedBytes) {
      throw new SpikingRxError(
        'PAYLOAD_TOO_LARGE',
        `${size.bytes} bytes in one request, at most ${maxQueuedBytes}`,
      );
    }
  }

  private queueFull(gridsOver: number, bytesOver: number): SpikingRxError {
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    const full =
      gridsOver > 0 ? `${this.grids} of ${maxQueuedGrids} grids` : `${this.bytes} of ${maxQueuedBytes} bytes`;
    return new SpikingRxError('QUEUE_FULL', `the queue is full: ${full}`, {
      retryAfterMs: this.retryAfterMs(gridsOver, bytesOver),
    });
  }

  /** Time until enough grids have left at the present drain rate, kept within sensible bounds. */
  private retryAfterMs(gridsOver: number, bytesOver: number): number {
    if (this.ratePerMs === 0) return DEFAULT_RETRY_MS;
    const bytesPerGrid = this.bytes / Math.max(1, this.grids);
    const gridsToLeave = Math.max(gridsOver, bytesOver / Math.max(1, bytesPerGrid), 1);
    return Math.ceil(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, gridsToLeave / this.ratePerMs)));
  }
}
