/** Numeric matchers with explicit tolerances. Their own tests show that they can fail. */
import { expect } from 'vitest';

export { expect };

export type Numbers = ArrayLike<number>;

/** An element that must be there. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new Error(`no element ${index} among ${values.length}`);
  return value;
}

export interface Tolerance {
  /** Largest difference allowed. */
  readonly absolute: number;
  /** Share of the expected magnitude that is allowed on top. Default 0. */
  readonly relative?: number;
  /** What is compared, for the message. */
  readonly what?: string;
}

/** Says where two lists differ by more than `absolute + relative·|expected|`; NaN always does. */
export function difference(actual: Numbers, expected: Numbers, tolerance: Tolerance): string | undefined {
  const { absolute, relative = 0, what = 'values' } = tolerance;
  if (actual.length !== expected.length)
    return `${what}: expected ${expected.length} elements, received ${actual.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [at(actual, i), at(expected, i)];
    if (!(Math.abs(a - e) <= absolute + relative * Math.abs(e)))
      return `${what}: at ${i} expected ${e} ± ${absolute} (± ${relative} of it), received ${a}`;
  }
  return undefined;
}

/** Says where two lists hold different bits (−0 is not 0). */
export function bitDifference(
  actual: Float32Array,
  expected: Float32Array,
  what = 'values',
): string | undefined {
  if (actual.length !== expected.length)
    return `${what}: expected ${expected.length} elements, received ${actual.length}`;
  const [a, e] = [bitsOf(actual), bitsOf(expected)];
  const where = a.findIndex((bits, i) => bits !== e[i]);
  return where < 0
    ? undefined
    : `${what}: at ${where} expected ${expected[where]}, received ${actual[where]}`;
}

function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

interface NumericMatchers {
  /** Every element within the tolerance of the expected one. */
  toBeAllClose(expected: Numbers, tolerance: Tolerance): void;
  /** The same float32 values, bit for bit. */
  toHaveSameBits(expected: Float32Array, what?: string): void;
}

declare module 'vitest' {
  // The type parameter must be named as in vitest.
  interface Matchers<T> extends NumericMatchers {
    readonly subject?: T;
  }
}

const verdict = (problem: string | undefined) => ({
  pass: problem === undefined,
  message: (): string => problem ?? 'expected a difference, found none',
});

expect.extend({
  toBeAllClose: (actual: Numbers, expected: Numbers, tolerance: Tolerance) =>
    verdict(difference(actual, expected, tolerance)),
  toHaveSameBits: (actual: Float32Array, expected: Float32Array, what?: string) =>
    verdict(bitDifference(actual, expected, what)),
});

export interface Moments {
  readonly mean: number;
  readonly std: number;
}

/** Mean and (biased) standard deviation. */
export function momentsOf(values: Numbers): Moments {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += at(values, i);
  const mean = sum / values.length;
  let power = 0;
  for (let i = 0; i < values.length; i++) power += (at(values, i) - mean) ** 2;
  return { mean, std: Math.sqrt(power / values.length) };
}
