import { describe, expect, it } from 'vitest';
import { halfRateMcs } from '#evaluate/link.js';
import type { EvaluationPoint, ReceiverResult } from '#evaluate/point.js';
import { conventionalReceiver, type Receiver } from '#evaluate/receivers.js';
import { addToRatio, emptyRatio, ratio, ratioHalfWidth, wilsonInterval } from '#evaluate/statistics.js';
import { measureCodeBlockBler, mcsEntry, transportBlockSize } from '#phy/coding/index.js';
import { Random } from '#phy/random.js';
import { perfectCsiReceiver } from '#phy/receivers/index.js';
import { at } from '../support/matchers.js';
import { AWGN, evaluate, MCS, receiver } from './helpers/setup.js';

/** The results of up to four receivers. */
function resultsOf(point: EvaluationPoint | undefined) {
  const [a, b, c, d] = point?.receivers ?? [];
  return [a, b, c, d] as [ReceiverResult, ReceiverResult, ReceiverResult, ReceiverResult];
}

const CODED = { modulation: 'QPSK', nRx: 1, mcs: MCS } as const;
const UNCODED = { modulation: 'QPSK', nRx: 1 } as const;

describe('block errors', () => {
  it('of perfect CSI in AWGN are those of the code alone', async () => {
    const snrDb = 1;
    const slots = 800;
    const [point] = await evaluate([conventionalReceiver('perfect-csi')], {
      cases: [AWGN],
      snrsDb: [snrDb],
      link: CODED,
      slots,
    });
    const own = at(point?.receivers ?? [], 0);
    const reference = measureCodeBlockBler(
      {
        baseGraph: 2,
        infoBits: transportBlockSize(156, MCS) + 16,
        codedBits: 312,
        modulation: 'QPSK',
        snrDb,
        blockErrors: slots,
        maxBlocks: slots,
      },
      Random.fromSeed(4),
    );
    expect(own.blocks).toBe(slots);
    expect(reference.bler).toBeGreaterThan(0.1);
    expect(reference.bler).toBeLessThan(0.9);
    const deviation = Math.sqrt((2 * reference.bler * (1 - reference.bler)) / slots);
    expect(Math.abs((own.blockErrorRate ?? 0) - reference.bler)).toBeLessThan(4 * deviation);
    expect(own.blockErrorRateInterval).toEqual(wilsonInterval(own.blockErrors ?? 0, slots));
  });

  it('end a point at the first chunk in which the last receiver has enough of them', async () => {
    const zero = receiver('zero', ({ bits }) => new Float32Array(bits.length));
    const options = { cases: [AWGN], link: CODED, slots: 4000, blockErrors: 20 };
    const [both] = await evaluate([zero, zero], { ...options, snrsDb: [1] });
    expect(both?.slots).toBe(32);
    const [point] = await evaluate([zero, conventionalReceiver('perfect-csi')], { ...options, snrsDb: [1] });
    const errors = point?.receivers[1]?.blockErrors ?? 0;
    expect(errors).toBeGreaterThanOrEqual(20);
    expect(errors).toBeLessThan(36);
    expect(point?.receivers[0]?.blockErrors).toBe(point?.slots);
    const [never] = await evaluate([conventionalReceiver('perfect-csi')], {
      ...options,
      snrsDb: [20],
      slots: 40,
    });
    expect(never).toMatchObject({ slots: 40, receivers: [{ blocks: 40, blockErrors: 0 }] });
  });

  it.each([
    ['QPSK', { table: 1, index: 7 }],
    ['16QAM', { table: 1, index: 13 }],
    ['64QAM', { table: 1, index: 19 }],
    ['256QAM', { table: 2, index: 20 }],
  ] as const)('%s: the default MCS is the one nearest to rate 1/2', (modulation, expected) => {
    const mcs = halfRateMcs(modulation);
    expect(mcs).toEqual(expected);
    expect(mcsEntry(mcs.table, mcs.index).modulation).toBe(modulation);
  });
});

/** Mutual information of BPSK with noise variance 1/(2·snr) an axis, twice: that of QPSK at `snr`. */
function qpskInformation(snrDb: number): number {
  const deviation = Math.sqrt(10 ** (-snrDb / 10) / 2);
  const amplitude = Math.SQRT1_2;
  let loss = 0;
  const steps = 20_000;
  for (let i = 0; i < steps; i++) {
    const z = -8 + (16 * (i + 0.5)) / steps;
    const density = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * (16 / steps);
    const llr = (2 * amplitude * (amplitude + deviation * z)) / deviation ** 2;
    loss += density * Math.log2(1 + Math.exp(-llr));
  }
  return 2 * (1 - loss);
}

/** Perfect CSI whose LLRs are multiplied by a factor. */
function scaled(factor: number): Receiver {
  return receiver(`×${factor}`, (slot) => perfectCsiReceiver(slot).map((llr) => factor * llr));
}

describe('mutual information', () => {
  it('of QPSK in AWGN is that of numerical integration', async () => {
    const options = { cases: [AWGN], snrsDb: [-2, 2, 6], link: UNCODED, slots: 600 };
    for (const { snrDb, receivers } of await evaluate([conventionalReceiver('perfect-csi')], options)) {
      const { gmi, gmiInterval, gmiScaled, llrScale } = at(receivers, 0);
      const expected = qpskInformation(snrDb);
      const half = gmiInterval[1] - gmi;
      expect(Math.abs(gmi - expected)).toBeLessThan(2 * half);
      expect(half).toBeLessThan(0.01);
      expect(Math.abs(llrScale - 1)).toBeLessThan(0.03);
      expect(gmiScaled).toBeGreaterThanOrEqual(gmi);
      expect(gmiScaled - gmi).toBeLessThan(1e-3);
    }
  });

  it('tells by the best factor how far LLRs are from calibrated', async () => {
    const options = { cases: [AWGN], snrsDb: [2], link: UNCODED, slots: 200 };
    const [point] = await evaluate([scaled(1), scaled(3), scaled(0.25), scaled(-1)], options);
    const [plain, large, small, inverted] = resultsOf(point);
    expect(large.llrScale * 3).toBeCloseTo(plain.llrScale, 1);
    expect(small.llrScale / 4).toBeCloseTo(plain.llrScale, 1);
    for (const { gmi, gmiScaled } of [large, small]) {
      expect(gmi).toBeLessThan(plain.gmi - 0.05);
      expect(gmiScaled).toBeCloseTo(plain.gmiScaled, 2);
    }
    expect(inverted.gmi).toBeLessThan(0);
  });

  it('counts infinite LLRs that are right as certain', async () => {
    const sure = receiver('sure', ({ bits }) =>
      Float32Array.from(bits, (bit) => (bit === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)),
    );
    const [point] = await evaluate([sure]);
    expect(point?.receivers[0]).toMatchObject({ gmi: 2, bitErrors: 0 });
    expect(JSON.parse(JSON.stringify(point))).toEqual(point);
  });
});

describe('calibration', () => {
  const options = { cases: [AWGN], snrsDb: [2], link: UNCODED, slots: 1500 };

  it('of exact LLRs is that which they promise, and of doubled ones is not', async () => {
    const doubled = receiver('doubled', (slot) => perfectCsiReceiver(slot).map((llr) => 2 * llr));
    const [point] = await evaluate([conventionalReceiver('perfect-csi'), doubled], options);
    const [exact, twice] = resultsOf(point);
    const deviations = exact.calibration.map(
      ({ errors, expectedErrors }) => Math.abs(errors - expectedErrors) / Math.sqrt(expectedErrors + 1),
    );
    expect(Math.max(...deviations)).toBeLessThan(4);
    expect(exact.calibration.filter(({ errors }) => errors >= 1000).length).toBeGreaterThan(2);
    const bin = at(twice.calibration, 4);
    expect(bin.errors / bin.expectedErrors).toBeGreaterThan(2);
    for (const { calibration, bitErrors } of [exact, twice]) {
      expect(calibration.reduce((sum, { bits }) => sum + bits, 0)).toBe(point?.bits);
      expect(calibration.reduce((sum, { errors }) => sum + errors, 0)).toBe(bitErrors);
    }
  });
});

describe('intervals', () => {
  it('of Wilson are those of the textbook', () => {
    // Newcombe (1998), Table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for (const [errors, trials, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilsonInterval(errors, trials);
      expect(interval[0]).toBeCloseTo(low, 4);
      expect(interval[1]).toBeCloseTo(high, 4);
    }
    expect(wilsonInterval(7, 7)[1]).toBe(1);
  });

  it('of a ratio hold the truth 95 times in 100, errors in clusters and slots of different size', () => {
    const random = Random.fromSeed(11);
    let held = 0;
    const runs = 600;
    for (let run = 0; run < runs; run++) {
      const sums = emptyRatio();
      for (let slot = 0; slot < 80; slot++) {
        const bits = random.uniform() < 0.5 ? 100 : 200;
        const rate = random.uniform() < 0.5 ? 0.1 : 0.3;
        let errors = 0;
        for (let bit = 0; bit < bits; bit++) if (random.uniform() < rate) errors++;
        addToRatio(sums, errors, bits);
      }
      if (Math.abs(ratio(sums) - 0.2) <= ratioHalfWidth(sums)) held++;
    }
    expect(held / runs).toBeGreaterThan(0.92);
    expect(held / runs).toBeLessThan(0.975);
  });

  it('of receivers contain their estimates', async () => {
    const [point] = await evaluate([conventionalReceiver('ls-lmmse')]);
    const { bitErrorRate, bitErrorRateInterval, gmi, gmiInterval } = at(point?.receivers ?? [], 0);
    expect(bitErrorRateInterval[0]).toBeLessThan(bitErrorRate);
    expect(bitErrorRateInterval[1]).toBeGreaterThan(bitErrorRate);
    expect(gmiInterval[0]).toBeLessThan(gmi);
    expect(gmiInterval[1]).toBeGreaterThan(gmi);
  });
});
