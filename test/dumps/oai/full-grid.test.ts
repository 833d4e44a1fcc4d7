import { describe, expect, it } from 'vitest';
import { carrierIndex, extractAllocation } from '#dumps/oai/full-grid.js';

/** Energy of each bin of a DFT of `N` samples of a tone, by the definition. */
function strongestBin(frequency: number, n: number): number {
  const energy = Array.from({ length: n }, (_, bin) => {
    let [re, im] = [0, 0];
    for (let t = 0; t < n; t++) {
      const phase = (2 * Math.PI * (frequency - bin) * t) / n;
      re += Math.cos(phase);
      im += Math.sin(phase);
    }
    return re * re + im * im;
  });
  return energy.indexOf(Math.max(...energy));
}

describe('the carrier in the order of FFT bins', () => {
  it.each([
    [128, 48],
    [192, 180],
    [256, 252],
  ])('N %i, %i subcarriers: a tone at a subcarrier’s frequency is found in its bin', (n, used) => {
    for (const sc of [0, 1, used / 2 - 1, used / 2, used - 1])
      expect(carrierIndex(n, used, sc)).toBe(strongestBin(sc - used / 2, n));
  });

  it('is ascending in frequency without a gap: bins from N/2 on are negative frequencies', () => {
    const frequencies = Array.from({ length: 1272 }, (_, sc) => {
      const bin = carrierIndex(2048, 1272, sc);
      return bin < 1024 ? bin : bin - 2048;
    });
    expect(frequencies).toEqual(Array.from({ length: 1272 }, (_, sc) => sc - 636));
  });

  it('cuts an allocation out that straddles the centre of the carrier', () => {
    const header = {
      frame: 0,
      slot: 0,
      start_symbol: 0,
      n_sym: 14,
      first_sc: 52,
      used_sc: 24,
      number_symbols: 14,
      G: 1,
    };
    const samples = new Int16Array(2 * 14 * 128);
    // Symbol 5: each bin holds its number, and the negative of it as imaginary part.
    for (let bin = 0; bin < 128; bin++) samples.set([bin, -bin], 2 * (5 * 128 + bin));
    const grid = extractAllocation(
      { header, fftSize: 128, samples },
      { startSymbol: 5, nSym: 1, startRb: 0, nPrb: 2 },
    );
    const bins = [
      ...Array.from({ length: 12 }, (_, i) => 116 + i),
      ...Array.from({ length: 12 }, (_, i) => i),
    ];
    expect(Array.from(grid.slice(0, 24))).toEqual(bins);
    expect(Array.from(grid.slice(24), (value) => 0 - value)).toEqual(bins);
  });
});
