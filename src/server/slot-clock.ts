/** A system frame number counts 1024 frames of 10 ms (TS 38.211 §4.3.1). */
const FRAME_MS = 10;
export const FRAMES = 1024;
const CYCLE_MS = FRAMES * FRAME_MS;
export const MAX_NUMEROLOGY = 6;

/** Which slot a grid was received in. */
export interface SlotTiming {
  /** System frame number, 0 … 1023. */
  readonly frame: number;
  /** Slot in the frame, 0 … 10·2^numerology − 1. */
  readonly slot: number;
  /** µ: slots of 1 ms / 2^µ. */
  readonly numerology: number;
}

export function slotsPerFrame(numerology: number): number {
  return FRAME_MS * 2 ** numerology;
}

/**
 * When slots began, on the clock of the service, which knows radio time from arrivals only. The grid that has come
 * earliest for its slot, within the latest one to two cycles of the frame number (10 to 20 s), is taken to have come
 * at the start of its slot: it sets the time base, and every other grid is late against it. So what all grids take to
 * get here does not count, what one takes longer does; and drifting clocks or a restarted radio are followed.
 */
export class SlotClock {
  /** Arrival less slot time of the earliest grids: of this window and of the one before. Modulo the cycle. */
  #earliest: number | undefined;
  #before: number | undefined;
  #windowStartMs = Number.NEGATIVE_INFINITY;

  /** @param arrivalMs when the grid came, on the clock of the answer. */
  startOf({ frame, slot, numerology }: SlotTiming, arrivalMs: number): number {
    this.#turn(arrivalMs);
    const base = arrivalMs - FRAME_MS * (frame + slot / slotsPerFrame(numerology));
    this.#earliest = earlier(this.#earliest, base);
    return arrivalMs - Math.max(0, wrapped(base - earlier(this.#before, this.#earliest)));
  }

  #turn(arrivalMs: number): void {
    const elapsedMs = arrivalMs - this.#windowStartMs;
    if (elapsedMs < CYCLE_MS) return;
    this.#before = elapsedMs < 2 * CYCLE_MS ? this.#earliest : undefined;
    this.#earliest = undefined;
    this.#windowStartMs = arrivalMs;
  }
}

function earlier(a: number | undefined, b: number): number {
  return a !== undefined && wrapped(b - a) >= 0 ? a : b;
}

/** Into half a cycle around 0. */
function wrapped(ms: number): number {
  return ms - CYCLE_MS * Math.round(ms / CYCLE_MS);
}
