import { FLOAT32_MAX, LLR_BYTES } from './llr-format.js';
import type { LlrFormat } from './types.js';

/** What one grid's LLRs tell of the receiver's certainty. */
export interface LlrQuality {
  /** Mean |LLR| over the data resource elements, before the answer's scale; 0 without any. */
  readonly meanAbsLlr: number;
  /** Share of the answer's values at the limits of their datatype, 0 … 1. */
  readonly saturatedFraction: number;
}

/** Upper limits, inclusive, of the buckets that |LLR| is counted in; one more holds what is beyond. */
export const MAGNITUDE_LIMITS = [
  0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64,
] as const;

/** |LLR| of a batch: how many in each bucket, and their sum. */
export interface LlrMagnitudes {
  /** One more than there are {@link MAGNITUDE_LIMITS}. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Exponent and first bit of the fraction of a float32: two buckets an octave. */
const SHIFT = 22;
const PATTERNS = 2 ** 10;
const SIGNLESS = 0x7fff_ffff;

/** Of each shifted pattern the bucket. Counting takes patterns one below, which makes zero the last: bucket 0, too. */
const BUCKET_OF = bucketOfPattern();

function bucketOfPattern(): Uint8Array {
  const table = new Uint8Array(PATTERNS);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  for (let pattern = 0; pattern < PATTERNS / 2; pattern++) {
    bits[0] = (pattern << SHIFT) + 1;
    const least = value[0]!;
    const bucket = MAGNITUDE_LIMITS.findIndex((limit) => least <= limit);
    table[pattern] = bucket === -1 ? MAGNITUDE_LIMITS.length : bucket;
  }
  return table;
}

/**
 * Counts the LLRs of a batch: a few operations on the bits of each, no branches. Every second one is counted by itself,
 * because two of the same size, one after the other, would wait for each other.
 */
export class MagnitudeCounter {
  readonly #even = new Uint32Array(PATTERNS);
  readonly #odd = new Uint32Array(PATTERNS);
  #sum = 0;

  /** @param llrs of the data resource elements of one grid, of either sign. @returns their mean magnitude; 0 for none. */
  add(llrs: Float32Array): number {
    const count = llrs.length;
    const bits = new Uint32Array(llrs.buffer, llrs.byteOffset, count);
    const [even, odd] = [this.#even, this.#odd];
    let [sum, oddSum] = [0, 0];
    // One below, so that a value at the limit of a bucket is counted in it.
    for (let at = 1; at < count; at += 2) {
      sum += Math.abs(llrs[at - 1]!);
      oddSum += Math.abs(llrs[at]!);
      even[((bits[at - 1]! & SIGNLESS) - 1) >>> SHIFT]!++;
      odd[((bits[at]! & SIGNLESS) - 1) >>> SHIFT]!++;
    }
    if (count % 2 === 1) {
      sum += Math.abs(llrs[count - 1]!);
      even[((bits[count - 1]! & SIGNLESS) - 1) >>> SHIFT]!++;
    }
    sum += oddSum;
    this.#sum += sum;
    return count === 0 ? 0 : sum / count;
  }

  total(): LlrMagnitudes {
    const counts = Array.from({ length: MAGNITUDE_LIMITS.length + 1 }, () => 0);
    for (let pattern = 0; pattern < PATTERNS; pattern++)
      counts[BUCKET_OF[pattern]!]! += this.#even[pattern]! + this.#odd[pattern]!;
    return { counts, sum: this.#sum };
  }
}

const FLOAT16_MAX_BITS = 0x7bff;

/** Share of the values at the limits of their datatype: where the LLR may have been larger than it says. */
export function saturatedFraction(
  { bytes }: { readonly bytes: Uint8Array<ArrayBuffer> },
  format: LlrFormat,
): number {
  const count = bytes.byteLength / LLR_BYTES[format.datatype];
  return count === 0 ? 0 : saturatedCount(bytes, format) / count;
}

function saturatedCount(bytes: Uint8Array<ArrayBuffer>, { datatype, scale }: LlrFormat): number {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (datatype) {
    case 'i8':
      return countEqual(new Int8Array(buffer, byteOffset, byteLength), 127);
    case 'f16':
      return countHalves(new Uint16Array(buffer, byteOffset, byteLength / 2));
    case 'f32':
      // Only a factor above 1 takes a finite value beyond the largest.
      return scale > 1 ? countEqual(new Float32Array(buffer, byteOffset, byteLength / 4), FLOAT32_MAX) : 0;
    default:
      return datatype satisfies never;
  }
}

function countEqual(values: Int8Array | Float32Array, magnitude: number): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) count += Math.abs(values[i]!) === magnitude ? 1 : 0;
  return count;
}

function countHalves(values: Uint16Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) count += (values[i]! & 0x7fff) === FLOAT16_MAX_BITS ? 1 : 0;
  return count;
}
