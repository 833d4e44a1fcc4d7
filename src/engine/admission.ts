import { SpikingRxError } from '../errors.js';
import type { Permit, RequestSize } from './types.js';

export interface AdmissionLimits {
  /** In messages. Default `queue`. */
  readonly name?: string;
  /** What `grids` counts, in messages. Default `grids`. */
  readonly unit?: string;
  readonly maxQueuedGrids: number;
  readonly maxQueuedBytes: number;
}

/**
 * A client may hold up to so many times what is left free: one that takes all it gets is stopped at 8/9 of the
 * room, and who comes next finds the rest, of which 8/9 are his.
 */
const CLIENT_TIMES_FREE = 8;
/** The part of the room that a client can take when there is no other. */
export const MOST_OF_ONE_CLIENT = CLIENT_TIMES_FREE / (CLIENT_TIMES_FREE + 1);
const MIN_RETRY_MS = 5;
const MAX_RETRY_MS = 10_000;
/** Before anything has completed there is no rate to go by. */
const DEFAULT_RETRY_MS = 100;
/** Weight of the past in the drain rate for each window. */
const RATE_MEMORY = 0.7;
const RATE_WINDOW_MS = 50;

interface Held {
  grids: number;
  bytes: number;
}

/** Room that a request lacks; at most 0 where it has enough. */
interface Lack {
  readonly grids: number;
  readonly bytes: number;
}

/**
 * Bounds what is inside the engine, in grids and in bytes, from before decoding until the answer is out, and
 * the part of it that one client can hold. `release` of a permit is idempotent.
 */
export class Admission {
  private grids = 0;
  private bytes = 0;
  private readonly clients = new Map<string, Held>();
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

  /** Largest part of the admitted grids that one client holds, 0 … 1; 0 when there are none. */
  get largestClientShare(): number {
    let most = 0;
    for (const { grids } of this.clients.values()) most = Math.max(most, grids);
    return most / Math.max(1, this.grids);
  }

  /**
   * @throws UNAVAILABLE once draining, PAYLOAD_TOO_LARGE for what could never fit, QUEUE_FULL with
   *   `retryAfterMs` when there is no room now, or the client holds its share.
   */
  admit(size: RequestSize): Permit {
    if (this.draining) throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down');
    if (this.isOversized(size)) throw this.tooLarge(size);
    if (this.isFull(size)) throw this.queueFull(this.lack(size), this.whatIsFull(size));
    const excess = this.overShare(size);
    if (excess.grids > 0 || excess.bytes > 0)
      throw this.queueFull(excess, 'this client holds its share of it');
    this.take(size);
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.release(size);
      },
    };
  }

  /** Whether `admit` would find too little room, whoever asks; tells those who wait without an error for each. */
  isFull(size: RequestSize): boolean {
    if (this.draining || this.isOversized(size)) return false;
    const { grids, bytes } = this.lack(size);
    return grids > 0 || bytes > 0;
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

  private take({ grids, bytes, client = '' }: RequestSize): void {
    const held = this.clients.get(client) ?? { grids: 0, bytes: 0 };
    this.clients.set(client, held);
    held.grids += grids;
    held.bytes += bytes;
    this.grids += grids;
    this.bytes += bytes;
  }

  private release({ grids, bytes, client = '' }: RequestSize): void {
    const held = this.clients.get(client);
    if (held) {
      held.grids -= grids;
      held.bytes -= bytes;
      if (held.grids === 0 && held.bytes === 0) this.clients.delete(client);
    }
    this.grids -= grids;
    this.bytes -= bytes;
    this.noteRate(grids);
    if (this.grids > 0 || this.bytes > 0) return;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  private noteRate(grids: number): void {
    this.windowGrids += grids;
    const elapsedMs = this.now() - this.windowStartMs;
    if (elapsedMs < RATE_WINDOW_MS) return;
    const rate = this.windowGrids / elapsedMs;
    this.ratePerMs = this.ratePerMs === 0 ? rate : RATE_MEMORY * this.ratePerMs + (1 - RATE_MEMORY) * rate;
    this.windowStartMs = this.now();
    this.windowGrids = 0;
  }

  private lack({ grids, bytes }: RequestSize): Lack {
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    return { grids: this.grids + grids - maxQueuedGrids, bytes: this.bytes + bytes - maxQueuedBytes };
  }

  /** How much the client must give back before it may take `size`, as long as nothing else changes. */
  private overShare({ grids, bytes, client = '' }: RequestSize): Lack {
    const held = this.clients.get(client);
    if (!held) return { grids: 0, bytes: 0 };
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    // Nothing asked of a kind is never too much of it.
    return {
      grids: grids && over(held.grids + grids, maxQueuedGrids - this.grids),
      bytes: bytes && over(held.bytes + bytes, maxQueuedBytes - this.bytes),
    };
  }

  private isOversized({ grids, bytes }: RequestSize): boolean {
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    return grids > maxQueuedGrids || bytes > maxQueuedBytes;
  }

  private tooLarge({ grids, bytes }: RequestSize): SpikingRxError {
    const { maxQueuedGrids, maxQueuedBytes } = this.limits;
    const what =
      grids > maxQueuedGrids
        ? `${grids} grids in one request, at most ${maxQueuedGrids}`
        : `${bytes} bytes in one request, at most ${maxQueuedBytes}`;
    return new SpikingRxError('PAYLOAD_TOO_LARGE', what);
  }

  private whatIsFull(size: RequestSize): string {
    const { maxQueuedGrids, maxQueuedBytes, unit = 'grids' } = this.limits;
    return this.lack(size).grids > 0
      ? `${this.grids} of ${maxQueuedGrids} ${unit}`
      : `${this.bytes} of ${maxQueuedBytes} bytes`;
  }

  private queueFull(lack: Lack, why: string): SpikingRxError {
    return new SpikingRxError('QUEUE_FULL', `the ${this.limits.name ?? 'queue'} is full: ${why}`, {
      retryAfterMs: this.retryAfterMs(lack),
    });
  }

  /** Time until enough grids have left at the present drain rate, kept within sensible bounds. */
  private retryAfterMs({ grids, bytes }: Lack): number {
    if (this.ratePerMs === 0) return DEFAULT_RETRY_MS;
    const bytesPerGrid = this.bytes / Math.max(1, this.grids);
    const gridsToLeave = Math.max(grids, bytes / Math.max(1, bytesPerGrid), 1);
    return Math.ceil(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, gridsToLeave / this.ratePerMs)));
  }
}

function over(held: number, free: number): number {
  return Math.max(0, Math.ceil((held - CLIENT_TIMES_FREE * free) / (1 + CLIENT_TIMES_FREE)));
}
