/** QAM mappings of TS 38.211 §5.1.3 to §5.1.6: unit average energy, Gray. */
import { invalid } from '../errors.js';

export const MODULATIONS = ['QPSK', '16QAM', '64QAM', '256QAM'] as const;
export type Modulation = (typeof MODULATIONS)[number];

const BITS_PER_SYMBOL: Readonly<Record<Modulation, 2 | 4 | 6 | 8>> = {
  QPSK: 2,
  '16QAM': 4,
  '64QAM': 6,
  '256QAM': 8,
};

/** Qm: bits per modulation symbol. */
export function bitsPerSymbol(modulation: Modulation): 2 | 4 | 6 | 8 {
  return BITS_PER_SYMBOL[modulation];
}

/**
 * Amplitudes of one axis, indexed by its bits with the first as the most significant: b0 b2 … on the
 * real axis, b1 b3 … on the imaginary one. For 16QAM `(1−2b0)[2 − (1−2b2)]/√10`, and so on (§5.1).
 * @returns `[2^(Qm/2)]`, mean square 1/2.
 */
function axisLevels(modulation: Modulation): Float64Array<ArrayBuffer> {
  const bits = bitsPerSymbol(modulation) / 2;
  const count = 1 << bits;
  // Mean energy of both axes, in units of the smallest amplitude: 2, 10, 42, 170.
  const norm = Math.sqrt((2 * (count * count - 1)) / 3);
  return Float64Array.from({ length: count }, (_, index) => {
    let amplitude = 0;
    for (let b = bits - 1; b >= 0; b--) {
      const sign = 1 - 2 * ((index >> (bits - 1 - b)) & 1);
      amplitude = b === bits - 1 ? sign : sign * ((1 << (bits - 1 - b)) - amplitude);
    }
    return amplitude / norm;
  });
}

const LEVELS: Readonly<Record<Modulation, Float64Array>> = {
  QPSK: axisLevels('QPSK'),
  '16QAM': axisLevels('16QAM'),
  '64QAM': axisLevels('64QAM'),
  '256QAM': axisLevels('256QAM'),
};

/** One axis of the constellation, `[2^(Qm/2)]`: see {@link constellation} for the bit order. Not to be written. */
export function pamLevels(modulation: Modulation): Float64Array {
  return LEVELS[modulation];
}

/**
 * The constellation, indexed by the symbol's bits with b0 as the most significant.
 * @returns `[2, 2^Qm]` (re plane, im plane).
 */
export function constellation(modulation: Modulation): Float64Array<ArrayBuffer> {
  const qm = bitsPerSymbol(modulation);
  const size = 1 << qm;
  const points = new Float64Array(2 * size);
  const levels = pamLevels(modulation);
  for (let index = 0; index < size; index++) {
    let re = 0;
    let im = 0;
    for (let b = 0; b < qm; b += 2) {
      re = 2 * re + ((index >> (qm - 1 - b)) & 1);
      im = 2 * im + ((index >> (qm - 2 - b)) & 1);
    }
    points[index] = levels[re] ?? 0;
    points[size + index] = levels[im] ?? 0;
  }
  return points;
}

/**
 * Maps bits to symbols.
 * @param bits `[n·Qm]`, b0 … b(Qm−1) of each symbol.
 * @returns `[2, n]` float32 (re plane, im plane).
 */
export function modulate(bits: Uint8Array, modulation: Modulation): Float32Array<ArrayBuffer> {
  const qm = bitsPerSymbol(modulation);
  if (bits.length % qm !== 0) {
    throw invalid('bits', `a multiple of ${qm} bits for ${modulation}`, `${bits.length} bits`);
  }
  const n = bits.length / qm;
  const levels = pamLevels(modulation);
  const symbols = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    let re = 0;
    let im = 0;
    for (let b = i * qm; b < (i + 1) * qm; b += 2) {
      re = 2 * re + (bits[b] ?? 0);
      im = 2 * im + (bits[b + 1] ?? 0);
    }
    symbols[i] = levels[re] ?? 0;
    symbols[n + i] = levels[im] ?? 0;
  }
  return symbols;
}
