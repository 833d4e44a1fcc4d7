import { mean, quantile } from './statistics.js';
import type { LoadFigures } from './load.js';

/**
 * Counts the answers that come within a window of time, and keeps the latencies of the grids that began in
 * it, however late their answers. Times are in milliseconds on one clock.
 */
export class Meter {
  readonly #latencies: number[] = [];
  readonly #batchSizes: number[] = [];
  #answers = 0;
  #failures = 0;

  constructor(
    readonly fromMs: number,
    readonly toMs: number,
  ) {}

  answered(sinceMs: number, batchSize: number, nowMs: number): void {
    if (this.#within(nowMs)) this.#answers++;
    if (!this.#within(sinceMs)) return;
    this.#latencies.push(nowMs - sinceMs);
    this.#batchSizes.push(batchSize);
  }

  #within(timeMs: number): boolean {
    return timeMs >= this.fromMs && timeMs < this.toMs;
  }

  failed(): void {
    this.#failures++;
  }

  figures(): LoadFigures {
    return {
      gridsPerSecond: (1000 * this.#answers) / (this.toMs - this.fromMs),
      meanBatch: mean(this.#batchSizes),
      failures: this.#failures,
      p50Ms: quantile(this.#latencies, 0.5),
      p99Ms: quantile(this.#latencies, 0.99),
    };
  }
}
