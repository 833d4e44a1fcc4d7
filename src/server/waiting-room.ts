import type { Permit } from '../engine/types.js';
import { SpikingRxError } from '../errors.js';

/** Size of a request for admission: grids, and bytes on the wire. */
export interface RequestSize {
  readonly grids: number;
  readonly bytes: number;
}

export interface WaitLimits {
  readonly signal: AbortSignal;
  /** On the `performance.now()` clock. */
  readonly deadlineMs: number;
}

interface Waiter {
  readonly size: RequestSize;
  readonly admitted: (permit: Permit) => void;
  readonly failed: (error: unknown) => void;
}

/** Admission for those who can wait: room that comes back goes to as many of them as fit, first come first. */
export class WaitingRoom {
  readonly #waiters = new Set<Waiter>();

  /** @param source admits or throws; QUEUE_FULL is what is waited for. */
  constructor(private readonly source: (size: RequestSize) => Permit) {}

  /** @throws QUEUE_FULL, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  admit(size: RequestSize): Permit {
    const permit = this.source(size);
    return {
      release: () => {
        permit.release();
        this.#admitWaiting();
      },
    };
  }

  /** Undefined where one must wait. @throws UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  tryAdmit(size: RequestSize): Permit | undefined {
    if (this.#waiters.size > 0) return undefined;
    try {
      return this.admit(size);
    } catch (error) {
      if (isFull(error)) return undefined;
      throw error;
    }
  }

  /** @throws UNAVAILABLE, PAYLOAD_TOO_LARGE, CANCELLED when `signal` aborts; DEADLINE_EXCEEDED. */
  async admitWhenRoom(size: RequestSize, { signal, deadlineMs }: WaitLimits): Promise<Permit> {
    const permit = this.tryAdmit(size);
    if (permit) return permit;
    if (signal.aborted) throw cancelled();
    return new Promise<Permit>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        size,
        admitted: (got) => {
          settle();
          resolve(got);
        },
        failed: (error) => {
          settle();
          reject(error);
          // Whoever stood behind this one may fit.
          this.#admitWaiting();
        },
      };
      const cancel = (): void => waiter.failed(cancelled());
      const timer = setTimeout(() => waiter.failed(tooLate()), Math.max(0, deadlineMs - performance.now()));
      signal.addEventListener('abort', cancel, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #admitWaiting(): void {
    for (const waiter of this.#waiters) {
      try {
        waiter.admitted(this.admit(waiter.size));
      } catch (error) {
        if (isFull(error)) return;
        waiter.failed(error);
      }
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof SpikingRxError && error.code === 'QUEUE_FULL';
}

function cancelled(): SpikingRxError {
  return new SpikingRxError('CANCELLED', 'the caller cancelled');
}

function tooLate(): SpikingRxError {
  return new SpikingRxError('DEADLINE_EXCEEDED', 'the queue was full until the deadline passed');
}
