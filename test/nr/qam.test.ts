import { describe, expect, it } from 'vitest';
import { bitsPerSymbol, constellation, MODULATIONS, modulate, type Modulation } from '#nr/qam.js';

/** The closed forms of TS 38.211 §5.1.3 to §5.1.6, one axis, bits in order. */
const AXIS: Readonly<Record<Modulation, (b: readonly number[]) => number>> = {
  QPSK: ([a = 0]) => (1 - 2 * a) / Math.sqrt(2),
  '16QAM': ([a = 0, b = 0]) => ((1 - 2 * a) * (2 - (1 - 2 * b))) / Math.sqrt(10),
  '64QAM': ([a = 0, b = 0, c = 0]) => ((1 - 2 * a) * (4 - (1 - 2 * b) * (2 - (1 - 2 * c)))) / Math.sqrt(42),
  '256QAM': ([a = 0, b = 0, c = 0, d = 0]) =>
    ((1 - 2 * a) * (8 - (1 - 2 * b) * (4 - (1 - 2 * c) * (2 - (1 - 2 * d))))) / Math.sqrt(170),
};

function bitsOf(index: number, qm: number): number[] {
  return Array.from({ length: qm }, (_, b) => (index >> (qm - 1 - b)) & 1);
}

describe.each(MODULATIONS)('%s', (modulation) => {
  const qm = bitsPerSymbol(modulation);
  const size = 2 ** qm;
  const points = constellation(modulation);

  it('is the mapping of TS 38.211 §5.1', () => {
    for (let index = 0; index < size; index++) {
      const bits = bitsOf(index, qm);
      const even = bits.filter((_, b) => b % 2 === 0);
      const odd = bits.filter((_, b) => b % 2 === 1);
      expect(points[index]).toBeCloseTo(AXIS[modulation](even), 12);
      expect(points[size + index]).toBeCloseTo(AXIS[modulation](odd), 12);
    }
  });

  it('has unit mean energy and zero mean', () => {
    const energy = points.reduce((sum, x) => sum + x * x, 0) / size;
    expect(energy).toBeCloseTo(1, 12);
    expect(points.reduce((sum, x) => sum + x, 0) / size).toBeCloseTo(0, 12);
  });

  it('has neighbours that differ in one bit', () => {
    const spacing = 2 * Math.min(...points.map(Math.abs));
    let pairs = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) {
        const dx = (points[i] ?? 0) - (points[j] ?? 0);
        const dy = (points[size + i] ?? 0) - (points[size + j] ?? 0);
        if (Math.hypot(dx, dy) > spacing * 1.001) continue;
        pairs++;
        expect(bitsOf(i ^ j, qm).reduce((a, b) => a + b, 0)).toBe(1);
      }
    }
    const side = 2 ** (qm / 2);
    expect(pairs).toBe(2 * side * (side - 1));
  });

  it('modulates bits into the constellation, planar', () => {
    const bits = Uint8Array.from(Array.from({ length: size }, (_, i) => bitsOf(i, qm)).flat());
    expect(modulate(bits, modulation)).toEqual(Float32Array.from(points));
  });

  it('refuses a partial symbol', () => {
    expect(() => modulate(new Uint8Array(qm + 1), modulation)).toThrow(
      `bits: expected a multiple of ${qm} bits for ${modulation}, received ${qm + 1} bits`,
    );
  });
});

describe('modulate', () => {
  it('gives values written out from the tables', () => {
    expect(modulate(Uint8Array.of(1, 0), 'QPSK')).toEqual(Float32Array.of(-Math.SQRT1_2, Math.SQRT1_2));
    // 1101 → (−1·(2 − 1), −1·(2 + 1))/√10 = (−1, −3)/√10
    expect(modulate(Uint8Array.of(1, 1, 0, 1), '16QAM')).toEqual(
      Float32Array.of(-1 / Math.sqrt(10), -3 / Math.sqrt(10)),
    );
    // 000000 → (3, 3)/√42; 00000000 → (5, 5)/√170
    expect(modulate(new Uint8Array(6), '64QAM')).toEqual(
      Float32Array.of(3 / Math.sqrt(42), 3 / Math.sqrt(42)),
    );
    expect(modulate(new Uint8Array(8), '256QAM')).toEqual(
      Float32Array.of(5 / Math.sqrt(170), 5 / Math.sqrt(170)),
    );
  });
});
