import type { GridResultMessage, StreamLlrResponseMessage } from '../../wire/messages.js';

/** Answers of one message stay below this, because foreign clients accept 4 MiB unless told otherwise. */
const MAX_MESSAGE_BYTES = 2 ** 20;
/** Timing, provenance, quality, model and version, code, and the framing of all of it. */
const BYTES_AROUND_A_RESULT = 256;
/** Messages handed to HTTP/2 and not yet taken by it; more would be memory that the client pays no attention to. */
const MAX_WRITES = 2;

/** A grid of a stream, from when it was read to when its answer is out. */
export interface Slot {
  readonly id: string;
  /** Present once there is an answer. */
  result?: GridResultMessage;
  /** Gives back what the grid holds. Idempotent. */
  readonly release: () => void;
}

export interface OutboxHooks {
  readonly write: (message: StreamLlrResponseMessage, written: () => void) => void;
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
export class Outbox {
  /** Ready answers, or with `ordered` all slots in order. */
  readonly #queue: Slot[] = [];
  readonly #writing = new Set<Slot>();
  #writes = 0;
  #flushScheduled = false;
  #closed = false;
  ordered = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(private readonly hooks: OutboxHooks) {}

  /** Announces a slot; its place in the order. */
  open(slot: Slot): void {
    if (this.ordered) this.#queue.push(slot);
  }

  answer(slot: Slot, result: GridResultMessage): void {
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
      this.hooks.write({ results: slots.map((slot) => slot.result!) }, () => this.#written(slots));
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

  #take(): Slot[] {
    let count = 0;
    let bytes = 0;
    for (const { result } of this.#queue) {
      if (!result) break;
      bytes += sizeOf(result);
      if (count > 0 && bytes > MAX_MESSAGE_BYTES) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #written(slots: readonly Slot[]): void {
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

/** About what a result takes on the wire; texts in UTF-8 are at most three bytes a unit. */
function sizeOf({ id, llr, error }: GridResultMessage): number {
  const texts = [id, error?.message, error?.field, error?.expected, error?.received];
  const units = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  return BYTES_AROUND_A_RESULT + 3 * units + (llr?.data.byteLength ?? 0) + 5 * (llr?.shape?.length ?? 0);
}
