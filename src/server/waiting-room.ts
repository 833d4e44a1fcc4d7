import type { Permit, RequestSize } from '../engine/types.js';
import { SpikingRxError } from '../errors.js';

/** The part of the engine that gives room. */
export interface RoomSource {
  /** @throws QUEUE_FULL, which is what is waited for. */
  admit(size: RequestSize): Permit;
  /** Whether `admit` would find too little room, whoever asks. */
  isFull(size: RequestSize): boolean;
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

/**
 * Admission for those who can wait. Room that comes back goes around the clients that wait, one message each, as
 * far as it reaches: a client with many messages waits no less for each than one with a single message.
 */
export class WaitingRoom {
  /** The client whose turn is next comes first. Each waits for one message at least, in order of arrival. */
  readonly #clients = new Map<string, Set<Waiter>>();

  constructor(private readonly source: RoomSource) {}

  /** @throws QUEUE_FULL, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  admit(size: RequestSize): Permit {
    const permit = this.source.admit(size);
    return {
      release: () => {
        permit.release();
        this.#admitWaiting();
      },
    };
  }

  /** Undefined where one must wait: no room, or others wait already. @throws UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  tryAdmit(size: RequestSize): Permit | undefined {
    return this.#clients.size > 0 ? undefined : this.#admitOrWait(size);
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
        this.#leave(waiter);
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
        },
      };
      const giveUp = (error: SpikingRxError): void => {
        waiter.failed(error);
        // Whoever stood behind this one may fit.
        this.#admitWaiting();
      };
      const cancel = (): void => giveUp(cancelled());
      const timer = setTimeout(() => giveUp(tooLate()), Math.max(0, deadlineMs - performance.now()));
      signal.addEventListener('abort', cancel, { once: true });
      this.#join(waiter);
      // Those before may wait for their own share only.
      this.#admitWaiting();
    });
  }

  #join(waiter: Waiter): void {
    const { client = '' } = waiter.size;
    const own = this.#clients.get(client) ?? new Set();
    this.#clients.set(client, own.add(waiter));
  }

  #leave(waiter: Waiter): void {
    const { client = '' } = waiter.size;
    const own = this.#clients.get(client);
    own?.delete(waiter);
    if (own?.size === 0) this.#clients.delete(client);
  }

  #admitWaiting(): void {
    // A client that is moved behind the others comes up again in the same pass, as long as room is left.
    for (const [client, own] of this.#clients) {
      const [first] = own;
      if (!first) continue;
      try {
        const permit = this.#admitOrWait(first.size);
        if (permit) first.admitted(permit);
        else if (this.source.isFull(first.size)) return;
        else continue;
      } catch (error) {
        first.failed(error);
      }
      if (!this.#clients.delete(client)) continue;
      this.#clients.set(client, own);
    }
  }

  /** Undefined for QUEUE_FULL. */
  #admitOrWait(size: RequestSize): Permit | undefined {
    // An error for each that waits, each time room comes back, would be the dearest part of an overload.
    if (this.source.isFull(size)) return undefined;
    try {
      return this.admit(size);
    } catch (error) {
      if (error instanceof SpikingRxError && error.code === 'QUEUE_FULL') return undefined;
      throw error;
    }
  }
}

function cancelled(): SpikingRxError {
  return new SpikingRxError('CANCELLED', 'the caller cancelled');
}

function tooLate(): SpikingRxError {
  return new SpikingRxError('DEADLINE_EXCEEDED', 'the queue was full until the deadline passed');
}
