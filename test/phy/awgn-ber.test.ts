import { describe, expect, it } from 'vitest';
import { bitsPerSymbol, type Modulation } from '#nr/qam.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { perfectCsiReceiver } from '#phy/receivers/index.js';
import { simulateSlot } from '#phy/slot.js';
import { slotConfig } from './helpers/slots.js';
import { binomialDeviations, qamAwgnBer, qpskRayleighBer } from './helpers/theory.js';

function countErrors(
  config: ReturnType<typeof slotConfig>,
  slots: number,
  seed: number,
): { errors: number; bits: number } {
  const rng = Random.fromSeed(seed);
  let errors = 0;
  let bits = 0;
  for (let i = 0; i < slots; i++) {
    const slot = simulateSlot(config, rng);
    // The sign of a max-log LLR is the bit of the nearest point.
    errors += bitErrors(perfectCsiReceiver(slot, { demapper: 'max-log' }), slot.bits);
    bits += slot.bits.length;
  }
  return { errors, bits };
}

describe('AWGN bit error rate equals theory within 5 standard deviations', () => {
  it.each<[Modulation, number, number]>([
    ['QPSK', 0, 8],
    ['QPSK', 8, 60],
    ['16QAM', 8, 8],
    ['16QAM', 14, 40],
    ['64QAM', 14, 8],
    ['64QAM', 20, 30],
    ['256QAM', 20, 6],
    ['256QAM', 26, 20],
  ])('%s at %d dB', (modulation, snrDb, slots) => {
    const config = slotConfig({ modulation, snrDb, nRx: 1, nPrb: 50, channel: 'awgn' });
    const { errors, bits } = countErrors(config, slots, 100 + snrDb);
    const qm = bitsPerSymbol(modulation);
    expect(binomialDeviations(errors, bits, qamAwgnBer(qm, snrDb))).toBeLessThan(5);
    // The measurement can tell: half a decibel off would be seen.
    expect(binomialDeviations(errors, bits, qamAwgnBer(qm, snrDb - 0.5))).toBeGreaterThan(5);
    expect(binomialDeviations(errors, bits, qamAwgnBer(qm, snrDb + 0.5))).toBeGreaterThan(5);
  });

  it('gains 3 dB from a second antenna', () => {
    const config = slotConfig({ modulation: '16QAM', snrDb: 9, nRx: 2, nPrb: 50, channel: 'awgn' });
    const { errors, bits } = countErrors(config, 20, 9);
    const expected = qamAwgnBer(4, 9 + 10 * Math.log10(2));
    expect(binomialDeviations(errors, bits, expected)).toBeLessThan(5);
  });
});

describe('Rayleigh bit error rate equals the closed form within 5 standard deviations', () => {
  it.each([
    [1, 0, 6],
    [1, 10, 10],
    [2, 0, 6],
    [2, 10, 40],
    [4, 4, 40],
  ])('QPSK, %i antennas, %d dB', (nRx, snrDb, slots) => {
    const config = slotConfig({ snrDb, nRx, nPrb: 50, channel: 'rayleigh-iid' });
    const { errors, bits } = countErrors(config, slots, 200 + snrDb + nRx);
    // Two bits of a symbol share a fade: allow for twice the binomial variance.
    expect(binomialDeviations(errors, bits, qpskRayleighBer(nRx, snrDb)) / Math.SQRT2).toBeLessThan(5);
    expect(binomialDeviations(errors, bits, qpskRayleighBer(nRx, snrDb - 0.7))).toBeGreaterThan(7.1);
  });

  it('holds for block fading too', () => {
    const config = slotConfig({ snrDb: 5, nRx: 2, nPrb: 1, channel: 'rayleigh' });
    const { errors, bits } = countErrors(config, 6000, 31);
    const ratio = errors / bits / qpskRayleighBer(2, 5);
    // The variance of Q(√(snr·g)) over slots: about 2.0 times its mean squared; 5·√(2/6000) = 9 %.
    expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
  });
});
