/** Work that is asked for faster than it can be done: the newest of it counts. */

/** Does one piece of work; `isStale` says, between its steps, that a newer one waits. */
export type Work<T> = (work: T, state: { readonly signal: AbortSignal; isStale(): boolean }) => Promise<void>;

/**
 * Runs one piece of work at a time. While it runs only the newest that was asked for waits, and takes its place as
 * soon as it ends. A slider that is dragged asks for more than can be answered: work that was cut off at once would
 * then never end, and nothing would move; so what runs may go on for `graceMs` before it is aborted.
 */
export class LatestWork<T> {
  #waiting: { readonly work: T } | undefined;
  #running: AbortController | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly run: Work<T>,
    private readonly graceMs: number,
  ) {}

  ask(work: T): void {
    this.#waiting = { work };
    if (this.#running === undefined) void this.#drain();
    else this.#grace ??= setTimeout(() => this.#running?.abort(), this.graceMs);
  }

  /** Aborts what runs, and forgets what waits. */
  stop(): void {
    this.#waiting = undefined;
    this.#running?.abort();
  }

  async #drain(): Promise<void> {
    while (this.#waiting !== undefined) {
      const { work } = this.#waiting;
      this.#waiting = undefined;
      const running = new AbortController();
      this.#running = running;
      const isStale = (): boolean => running.signal.aborted || this.#waiting !== undefined;
      await this.run(work, { signal: running.signal, isStale });
      clearTimeout(this.#grace);
      this.#grace = undefined;
    }
    this.#running = undefined;
  }
}
