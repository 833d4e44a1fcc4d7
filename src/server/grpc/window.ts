import { SpikingRxError } from '../../errors.js';

/** Counts the unanswered grids of one stream, and lets one message at a time wait until there is room for it. */
export class StreamWindow {
  #inFlight = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(private readonly size: number) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A message larger than the window goes alone. */
  hasRoom(grids: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + grids <= this.size;
  }

  take(): void {
    this.#inFlight++;
  }

  give(): void {
    this.#inFlight--;
    this.#wake?.();
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /**
   * Resolves when there is room for `grids`, or the stream is over.
   * @throws DEADLINE_EXCEEDED at `deadlineMs` on the `performance.now()` clock.
   */
  async room(grids: number, deadlineMs?: number): Promise<void> {
    while (!this.#closed && !this.hasRoom(grids)) {
      const leftMs = deadlineMs === undefined ? undefined : deadlineMs - performance.now();
      if (leftMs !== undefined && leftMs <= 0)
        throw new SpikingRxError(
          'DEADLINE_EXCEEDED',
          'the window of the stream was full until the deadline passed',
        );
      await this.#change(leftMs);
    }
  }

  async #change(timeoutMs: number | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
