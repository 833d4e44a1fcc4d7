import { setTimeout as delay } from 'node:timers/promises';
import type { CapturedGridMessage } from '../wire/bulk/captured.js';

/** `original`: as the grids came. `periodic`: one each period. `max`: as fast as the window allows. */
export const PACES = ['original', 'periodic', 'max'] as const;

export interface PaceOptions {
  readonly pace: (typeof PACES)[number];
  /** Of `original`: so many times as fast. */
  readonly speed: number;
  /** Of `periodic`, in microseconds. */
  readonly periodUs: number;
}

/** Says when each grid is to be sent, and waits for it. */
export class Pace {
  #startMs = 0;
  #firstS: number | undefined;
  #sent = 0;

  constructor(private readonly options: PaceOptions) {}

  /** @returns when the grid was due, on the `performance.now()` clock; undefined where it was not. */
  async next(grid: CapturedGridMessage, signal: AbortSignal): Promise<number | undefined> {
    const offsetMs = this.#offsetMs(grid);
    if (this.#sent++ === 0) this.#startMs = performance.now();
    if (offsetMs === undefined) return undefined;
    const dueMs = this.#startMs + offsetMs;
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) await delay(leftMs, undefined, { signal });
    return dueMs;
  }

  #offsetMs({ receivedS, receivedUs }: CapturedGridMessage): number | undefined {
    const { pace, speed, periodUs } = this.options;
    if (pace === 'max') return undefined;
    if (pace === 'periodic') return (this.#sent * periodUs) / 1000;
    const received = receivedS + receivedUs / 1e6;
    this.#firstS ??= received;
    // Grids are captured as they are answered, which is not quite the order that they came in.
    return Math.max(0, ((received - this.#firstS) * 1000) / speed);
  }
}
