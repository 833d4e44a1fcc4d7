/** Bit errors of the receivers, gathered over slots, apart for each SNR. */
import {
  addToRatio,
  emptyRatio,
  ratio,
  ratioHalfWidth,
  type RatioSums,
  wilsonInterval,
} from '../../evaluate/statistics.js';

/** Wrong bits of one slot, by receiver; all of the same bits. */
export interface SlotErrors {
  readonly bits: number;
  readonly errors: ReadonlyMap<string, number>;
}

export interface ErrorRate {
  readonly receiver: string;
  readonly slots: number;
  readonly bits: number;
  readonly errors: number;
  readonly ber: number;
  /** 95 % confidence interval; for a single slot, or without errors, as if its bits were independent. */
  readonly interval: readonly [low: number, high: number];
}

interface Point {
  readonly seeds: Set<number>;
  readonly sums: Map<string, RatioSums>;
}

/** The bits of a slot share its channel, so intervals are over slots. */
function rateOf(receiver: string, sums: RatioSums): ErrorRate {
  const { slots, y: errors, n: bits } = sums;
  const ber = ratio(sums);
  const half = ratioHalfWidth(sums);
  const interval =
    slots < 2 || errors === 0
      ? wilsonInterval(errors, bits)
      : ([Math.max(0, ber - half), Math.min(1, ber + half)] as const);
  return { receiver, slots, bits, errors, ber, interval };
}

/** Counts of one set of conditions: everything but SNR and seed is the same. */
export class ErrorTally {
  #conditions = '';
  readonly #points = new Map<number, Point>();

  /** Forgets what was counted under other conditions. */
  under(conditions: string): void {
    if (conditions !== this.#conditions) this.#points.clear();
    this.#conditions = conditions;
  }

  clear(): void {
    this.#points.clear();
  }

  /** A slot that was counted before, at the same SNR with the same seed, is not counted again. */
  add(snrDb: number, seed: number, { bits, errors }: SlotErrors): void {
    const point = this.#points.get(snrDb) ?? { seeds: new Set(), sums: new Map() };
    this.#points.set(snrDb, point);
    if (point.seeds.has(seed)) return;
    point.seeds.add(seed);
    for (const [receiver, count] of errors) {
      const sums = point.sums.get(receiver) ?? emptyRatio();
      point.sums.set(receiver, sums);
      addToRatio(sums, count, bits);
    }
  }

  at(snrDb: number): ErrorRate[] {
    return [...(this.#points.get(snrDb)?.sums ?? [])].map(([receiver, sums]) => rateOf(receiver, sums));
  }

  /** SNRs with counts, ascending, dB. */
  get snrs(): number[] {
    return [...this.#points.keys()].toSorted((a, b) => a - b);
  }
}
