/** What is counted of a receiver's LLRs: chunks are tallied apart and merged in their order. */
import { SpikingRxError } from '../errors.js';
import { type LinkSlot, isBlockError } from './link.js';
import { addToRatio, emptyRatio, mergeRatio, type RatioSums } from './statistics.js';

/** Larger LLRs, infinite ones among them, count as this. */
const LLR_LIMIT = 1e4;
/** Below this ln(1 + x) is x in double precision. */
const EXACT_LOG1P = 2 ** -54;
/** Histogram of |LLR| for the best scale: this many bins of this width, and one for all above. */
export const HISTOGRAM = { width: 1 / 16, bins: 1024 } as const;
/** Edges of the calibration's bins of |LLR|; the last one is open. */
export const CALIBRATION_EDGES: readonly number[] = Array.from({ length: 16 }, (_, i) => i);

export interface Tally {
  /** Wrong bits of all bits. */
  readonly bitErrors: RatioSums;
  /** Σ log2(1 + exp(−(1 − 2b)·LLR)) of all bits. */
  readonly loss: RatioSums;
  blocks: number;
  blockErrors: number;
  /** Bits by |LLR| that the sign decides rightly and wrongly, `[bins + 1]` each. */
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  /** Σ|LLR| in the last bin, right and wrong. */
  readonly beyond: Float64Array;
  /** By calibration bin: bits, wrong ones, and Σ 1/(1 + e^|LLR|). */
  readonly calibration: {
    readonly bits: Float64Array;
    readonly errors: Float64Array;
    readonly expected: Float64Array;
  };
}

const zeros = (n: number) => new Float64Array(n);

function add(into: Float64Array, other: Float64Array): void {
  other.forEach((value, i) => (into[i] = (into[i] as number) + value));
}

export function emptyTally(): Tally {
  const edges = CALIBRATION_EDGES.length;
  return {
    bitErrors: emptyRatio(),
    loss: emptyRatio(),
    blocks: 0,
    blockErrors: 0,
    right: zeros(HISTOGRAM.bins + 1),
    wrong: zeros(HISTOGRAM.bins + 1),
    beyond: zeros(2),
    calibration: { bits: zeros(edges), errors: zeros(edges), expected: zeros(edges) },
  };
}

/** Counts one slot: `llrs` `[G]` against the bits that were sent. */
export function tallySlot(tally: Tally, llrs: Float32Array, { slot, transmission }: LinkSlot): void {
  const { bits } = slot;
  if (llrs.length !== bits.length)
    throw new SpikingRxError('INTERNAL', `expected ${bits.length} LLRs, received ${llrs.length}`);
  let errors = 0;
  let loss = 0;
  for (let i = 0; i < bits.length; i++) {
    const llr = llrs[i] as number;
    if (Number.isNaN(llr)) throw new SpikingRxError('FAILED_PRECONDITION', `LLR ${i} is not a number`);
    const magnitude = Math.min(Math.abs(llr), LLR_LIMIT);
    const isWrong = llr >= 0 === (bits[i] === 1);
    const doubt = Math.exp(-magnitude);
    loss += (doubt < EXACT_LOG1P ? doubt : Math.log1p(doubt)) + (isWrong ? magnitude : 0);
    if (isWrong) errors++;
    tallyMagnitude(tally, magnitude, isWrong, doubt / (1 + doubt));
  }
  addToRatio(tally.bitErrors, errors, bits.length);
  addToRatio(tally.loss, loss / Math.LN2, bits.length);
  if (transmission === undefined) return;
  tally.blocks++;
  if (isBlockError(llrs, transmission)) tally.blockErrors++;
}

function tallyMagnitude(tally: Tally, magnitude: number, isWrong: boolean, expected: number): void {
  const { calibration, beyond } = tally;
  const bin = Math.min(HISTOGRAM.bins, Math.floor(magnitude / HISTOGRAM.width));
  const counts = isWrong ? tally.wrong : tally.right;
  counts[bin] = (counts[bin] as number) + 1;
  const side = isWrong ? 1 : 0;
  if (bin === HISTOGRAM.bins) beyond[side] = (beyond[side] as number) + magnitude;
  const c = Math.min(CALIBRATION_EDGES.length - 1, Math.floor(magnitude));
  calibration.bits[c] = (calibration.bits[c] as number) + 1;
  calibration.expected[c] = (calibration.expected[c] as number) + expected;
  if (isWrong) calibration.errors[c] = (calibration.errors[c] as number) + 1;
}

export function mergeTally(into: Tally, other: Tally): void {
  mergeRatio(into.bitErrors, other.bitErrors);
  mergeRatio(into.loss, other.loss);
  into.blocks += other.blocks;
  into.blockErrors += other.blockErrors;
  add(into.right, other.right);
  add(into.wrong, other.wrong);
  add(into.beyond, other.beyond);
  for (const key of ['bits', 'errors', 'expected'] as const)
    add(into.calibration[key], other.calibration[key]);
}
