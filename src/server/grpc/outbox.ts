/** Messages handed to HTTP/2 and not yet taken by it; more would be memory that the client pays no attention to. */
const MAX_WRITES = 2;

/** A request of a stream, from when it was read to when its answer is out. */
export interface Slot<R> {
  readonly id: string;
  /** Present once there is an answer. */
  result?: R;
  /** Gives back what the request holds. Idempotent. */
  readonly release: () => void;
}

/** How answers of type R share messages. */
export interface AnswerSizes<R> {
  /** About what an answer takes on the wire, bytes. */
  sizeOf(answer: R): number;
  /** Several answers in a message stay below it. */
  readonly maxMessageBytes: number;
}

export interface OutboxHooks<R> {
  readonly sizes: AnswerSizes<R>;
  readonly write: (answers: readonly R[], written: () => void) => void;
  /** Called after slots were released. */
  readonly onReleased: () => void;
  /** Called when HTTP/2 has taken nothing for `stallMs`: the client does not read. */
  readonly onStalled: () => void;
  readonly stallMs: number;
}

/**
 * Answers on their way out. Those that become ready together travel in one message; with `ordered` they leave
 * in the order of their slots. While HTTP/2 takes nothing, answers wait here with their slots unreleased, which
 * holds the reading back: what waits is bounded by the stream's window.
 */
export class Outbox<R> {
  /** Ready answers, or with `ordered` all slots in order. */
  readonly #queue: Slot<R>[] = [];
  readonly #writing = new Set<Slot<R>>();
  #writes = 0;
  #flushScheduled = false;
  #closed = false;
  ordered = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(private readonly hooks: OutboxHooks<R>) {}

  /** Announces a slot; its place in the order. */
  open(slot: Slot<R>): void {
    if (this.ordered) this.#queue.push(slot);
  }

  answer(slot: Slot<R>, result: R): void {
    slot.result = result;
    if (this.#closed) {
      slot.release();
      return;
    }
    if (!this.ordered) this.#queue.push(slot);
    this.#schedule();
  }

  /** The client is gone: nothing will be written any more. Slots still computing are released as they end. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#stall);
    for (const slot of this.#writing) slot.release();
    for (const slot of this.#queue) if (slot.result) slot.release();
    this.#writing.clear();
    this.#queue.length = 0;
  }

  /** After the promise callbacks of this turn, so that the grids of one batch share a message. */
  #schedule(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#closed && this.#writes < MAX_WRITES) {
      const slots = this.#take();
      if (slots.length === 0) return;
      this.#writes++;
      for (const slot of slots) this.#writing.add(slot);
      this.#watch();
      const answers = slots.map((slot) => slot.result!);
      this.hooks.write(answers, () => this.#written(slots));
    }
  }

  /** Starts over while something is being written, rests while nothing is. */
  #watch(): void {
    if (this.#writes === 0 || this.#closed) {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      return;
    }
    this.#stall = this.#stall?.refresh() ?? setTimeout(this.hooks.onStalled, this.hooks.stallMs);
  }

  #take(): Slot<R>[] {
    const { sizes } = this.hooks;
    let count = 0;
    let bytes = 0;
    for (const { result } of this.#queue) {
      if (!result) break;
      bytes += sizes.sizeOf(result);
      if (count > 0 && bytes > sizes.maxMessageBytes) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #written(slots: readonly Slot<R>[]): void {
    this.#writes--;
    this.#watch();
    for (const slot of slots) {
      this.#writing.delete(slot);
      slot.release();
    }
    this.#flush();
    this.hooks.onReleased();
  }
}
