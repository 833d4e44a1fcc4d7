import { mean, quantile } from '../bench/statistics.js';

/** One answered slot. */
export interface Answer {
  /** From the send to the decoded answer, milliseconds. */
  readonly latencyMs: number;
  /** Grids that ran together with this one. */
  readonly batchSize: number;
  /** OFDM symbols with DMRS. */
  readonly dmrsSymbols: number;
  readonly bits: number;
  /** Bit errors of the LLR signs of the service and of the conventional receivers. */
  readonly errors: number;
  readonly lsErrors: number;
  readonly perfectErrors: number;
}

/** Bit error rates on the same slots; NaN before the first one. */
export interface ErrorRates {
  readonly spikingRx: number;
  readonly lsLmmse: number;
  readonly perfectCsi: number;
}

export interface TallyFigures extends ErrorRates {
  readonly slots: number;
  readonly failures: number;
  readonly slotsPerSecond: number;
  readonly meanBatch: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

type Counts = { bits: number; errors: number; lsErrors: number; perfectErrors: number };

/** Collects the answers of one transport. Times are on one clock, in milliseconds. */
export class Tally {
  readonly #latencies: number[] = [];
  readonly #batchSizes: number[] = [];
  readonly #byDmrs = new Map<number, Counts>();
  #failures = 0;
  #startMs = 0;
  #lastMs = 0;

  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#lastMs = nowMs;
  }

  add(answer: Answer, nowMs: number): void {
    this.#latencies.push(answer.latencyMs);
    this.#batchSizes.push(answer.batchSize);
    this.#lastMs = nowMs;
    const counts = this.#byDmrs.get(answer.dmrsSymbols) ?? {
      bits: 0,
      errors: 0,
      lsErrors: 0,
      perfectErrors: 0,
    };
    counts.bits += answer.bits;
    counts.errors += answer.errors;
    counts.lsErrors += answer.lsErrors;
    counts.perfectErrors += answer.perfectErrors;
    this.#byDmrs.set(answer.dmrsSymbols, counts);
  }

  fail(): void {
    this.#failures++;
  }

  /** Bit and error counts by number of DMRS symbols. */
  get counts(): ReadonlyMap<number, Readonly<Counts>> {
    return this.#byDmrs;
  }

  figures(): TallyFigures {
    const latencies = this.#latencies;
    return {
      ...errorRates([...this.#byDmrs.values()]),
      slots: latencies.length,
      failures: this.#failures,
      slotsPerSecond: (1000 * latencies.length) / (this.#lastMs - this.#startMs),
      meanBatch: mean(this.#batchSizes),
      p50Ms: quantile(latencies, 0.5),
      p95Ms: quantile(latencies, 0.95),
      p99Ms: quantile(latencies, 0.99),
    };
  }
}

/** Error rates of all counts together. */
export function errorRates(counts: readonly Readonly<Counts>[]): ErrorRates {
  const sum = (key: keyof Counts): number => counts.reduce((total, entry) => total + entry[key], 0);
  const bits = sum('bits');
  return {
    spikingRx: sum('errors') / bits,
    lsLmmse: sum('lsErrors') / bits,
    perfectCsi: sum('perfectErrors') / bits,
  };
}
