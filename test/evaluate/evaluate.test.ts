import { describe, expect, it } from 'vitest';
import { dmrsCases, usualCases } from '#evaluate/cases.js';
import { formatMarkdown } from '#evaluate/markdown.js';
import {
  CONVENTIONAL_KINDS,
  conventionalReceiver,
  ModelReceiver,
  type Receiver,
} from '#evaluate/receivers.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { codewordOrder } from '#nr/resource-map.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import { bitErrors } from '#phy/metrics.js';
import type { Slot } from '#phy/slot.js';
import type { Scenario } from '#train/config.js';
import { at } from '../support/matchers.js';
import { drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { evaluate, MCS, receiver, SCENARIO } from './helpers/setup.js';

const oracle = receiver('oracle', ({ bits }) => Float32Array.from(bits, (bit) => 9 * (1 - 2 * bit)));
const liar = receiver('liar', ({ bits }) => Float32Array.from(bits, (bit) => 2 * bit - 1));
const wrongOnce = receiver('wrong once', ({ bits }) =>
  Float32Array.from(bits, (bit, i) => (i === 5 ? -1 : 1) * (1 - 2 * bit)),
);

const conventional = (seed: number) =>
  evaluate([conventionalReceiver('ls-lmmse'), conventionalReceiver('perfect-csi')], { seed, slots: 4 });

describe('evaluation', () => {
  it('counts 0 errors of a perfect receiver, all of its opposite, one a slot of one that errs once', async () => {
    const [point] = await evaluate([oracle, liar, wrongOnce]);
    const bits = point?.bits ?? 0;
    expect(point?.slots).toBe(20);
    expect(bits).toBeGreaterThan(20 * 200);
    expect(point?.receivers.map((r) => [r.name, r.bitErrors, r.bitErrorRate])).toEqual([
      ['oracle', 0, 0],
      ['liar', bits, 1],
      ['wrong once', 20, 20 / bits],
    ]);
    expect(point?.receivers.map((r) => r.blocks)).toEqual([undefined, undefined, undefined]);
  });

  it('shows every receiver the same slots, at every case and SNR, with and without a code', async () => {
    const seen: Slot[][] = [[], [], []];
    const observer = (index: number): Receiver =>
      receiver(`observer ${index}`, (slot) => {
        seen[index]?.push(slot);
        return new Float32Array(slot.bits.length);
      });
    const cases = usualCases(SCENARIO).slice(0, 2);
    const points = await evaluate([observer(0), observer(1)], { cases, snrsDb: [0, 10], slots: 3 });
    expect(seen[0]?.length).toBe(2 * 2 * 3);
    expect(seen[1]).toEqual(seen[0]);
    expect(points.map((p) => [p.case, p.snrDb])).toEqual(
      cases.flatMap(({ name }) => [
        [name, 0],
        [name, 10],
      ]),
    );
    // Bits and channels are those of the other SNR; only the noise is weaker.
    const [low, high] = [seen[0]?.slice(0, 3) ?? [], seen[0]?.slice(3, 6) ?? []];
    for (const part of ['bits', 'channel', 'dmrs'] as const)
      expect(high.map((slot) => slot[part])).toEqual(low.map((slot) => slot[part]));
    expect(at(high, 0).noiseVariance).toBeCloseTo(at(low, 0).noiseVariance / 10, 10);
    const link = { modulation: 'QPSK', nRx: 2, mcs: MCS } as const;
    await evaluate([observer(2)], { cases, snrsDb: [0, 10], slots: 3, link });
    expect(seen[2]?.map(({ channel }) => channel)).toEqual(seen[0]?.map(({ channel }) => channel));
    expect(seen[2]?.[0]?.bits).not.toEqual(seen[0]?.[0]?.bits);
    // A decision for 0 everywhere is wrong at every 1.
    const ones = seen[0]?.reduce((sum, { bits }) => sum + bits.reduce((n, bit) => n + bit, 0), 0);
    expect(points.reduce((sum, point) => sum + at(point.receivers, 0).bitErrors, 0)).toBe(ones);
  });

  it('gives the same figures again, and others with another seed', async () => {
    expect(await conventional(1)).toEqual(await conventional(1));
    expect(await conventional(2)).not.toEqual(await conventional(1));
  });

  it('ranks the conventional receivers: fewer errors with perfect CSI and at higher SNR', async () => {
    const points = await evaluate([conventionalReceiver('ls-lmmse'), conventionalReceiver('perfect-csi')], {
      snrsDb: [0, 8],
      slots: 60,
    });
    const [low, high] = points.map((p) => p.receivers.map((r) => r.bitErrorRate)) as [number[], number[]];
    expect(at(low, 1)).toBeLessThan(at(low, 0));
    expect(at(high, 1)).toBeLessThan(at(high, 0));
    expect(at(high, 0)).toBeLessThan(at(low, 0));
  });

  it('names the receiver whose LLRs are no numbers', async () => {
    const broken = receiver('broken', ({ bits }) => new Float32Array(bits.length).fill(Number.NaN));
    await expect(evaluate([oracle, broken])).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: 'receiver broken: LLR 0 is not a number',
    });
  });
});

describe('a model as a receiver', () => {
  it('reads the planes of its data elements in codeword order, b0 and b1 of each', async () => {
    const g = new GraphBuilder('pass-through');
    const rx = g.input('rx_grid', 'float32', ['batch', 4, 'symbols', 'subcarriers']);
    g.input('dmrs', 'float32', ['batch', 2, 'symbols', 'subcarriers']);
    g.output(g.concat([g.slice(rx, 1, 1, 2), g.slice(rx, 1, 2, 3)], 1), 'llr');
    const model = await ModelReceiver.load('model', encodeModel(g));
    const slots = drawSlots(3, 1, { nPrb: 1 });
    const llrs = await model.llrs(slots);
    await model.release();
    slots.forEach((slot, s) => {
      const plane = slot.dataMask.length;
      const expected = [...codewordOrder(slot.dataMask)].flatMap((re) => [
        at(slot.rxGrid, plane + re),
        at(slot.rxGrid, 2 * plane + re),
      ]);
      expect([...at(llrs, s)]).toEqual(expected);
      expect(expected.length).toBe(slot.bits.length);
    });
  });

  it('is counted beside the others on the same slots', async () => {
    const network = trainedNetwork(networkConfig({ dilations: [[1, 1]] }), 1);
    const model = await ModelReceiver.load('model', encodeServiceModel(network, { name: 'm', version: '1' }));
    const slots: Slot[] = [];
    const observer = receiver('observer', (slot) => {
      slots.push(slot);
      return new Float32Array(slot.bits.length);
    });
    const [point] = await evaluate([observer, model], { slots: 18 });
    let expected = 0;
    for (const slot of slots) expected += bitErrors(at(await model.llrs([slot]), 0), slot.bits);
    await model.release();
    expect(point?.receivers[1]?.bitErrors).toBe(expected);
    expect(expected).toBeGreaterThan(0);
  });
});

describe('every legal DMRS pattern', () => {
  const patterns: readonly (readonly [1 | 2, 1 | 2 | 3])[] = [
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
    [2, 3],
  ];

  it.each(patterns)(
    'of type %d with %d CDM groups without data: no receiver errs without fading and noise',
    async (type, groups) => {
      const scenario: Scenario = {
        ...SCENARIO,
        dmrsTypes: [type],
        cdmGroupsWithoutData: [groups],
        dmrsSymbols: [[3], [2, 11], [2, 7, 11], [2, 5, 8, 11]],
      };
      const seen = new Set<string>();
      const observer = receiver('observer', ({ bits, config }) => {
        seen.add(`${config.dmrs.configType} ${config.dmrs.symbolPositions.length}`);
        return new Float32Array(bits.length);
      });
      const [point] = await evaluate([...CONVENTIONAL_KINDS.map(conventionalReceiver), observer], {
        cases: [{ name: 'patterns', scenario, channel: 'rayleigh' }],
        snrsDb: [40],
        link: { modulation: 'QPSK', nRx: 2, mcs: MCS },
        slots: 24,
      });
      expect(seen).toEqual(new Set([1, 2, 3, 4].map((symbols) => `${type} ${symbols}`)));
      for (const { blockErrors, bitErrors: wrong } of point?.receivers.slice(0, 3) ?? [])
        expect([blockErrors, wrong]).toEqual([0, 0]);
    },
  );
});

describe('the usual cases', () => {
  it('are each DMRS set at low and at high Doppler', () => {
    const cases = usualCases(SCENARIO);
    expect(cases.map(({ name }) => name)).toEqual([
      'DMRS 2; Doppler 0–100 Hz',
      'DMRS 2; Doppler 300–400 Hz',
      'DMRS 2, 11; Doppler 0–100 Hz',
      'DMRS 2, 11; Doppler 300–400 Hz',
    ]);
    expect(cases[1]?.scenario).toEqual({ ...SCENARIO, dmrsSymbols: [[2]], dopplerHz: [300, 400] });
    expect(dmrsCases(SCENARIO).map(({ scenario }) => scenario.dmrsSymbols)).toEqual([[[2]], [[2, 11]]]);
  });

  it('are counted once: DMRS sets that are drawn more often, a Doppler shift that is the same for all slots', () => {
    const scenario = {
      ...SCENARIO,
      dmrsSymbols: [[2], [2], [2, 11]],
      dopplerHz: [70, 70] as [number, number],
    };
    expect(usualCases(scenario).map(({ name }) => name)).toEqual([
      'DMRS 2; Doppler 70–70 Hz',
      'DMRS 2, 11; Doppler 70–70 Hz',
    ]);
    expect(dmrsCases(scenario)).toHaveLength(2);
  });

  it('make one table each', async () => {
    const cases = usualCases(SCENARIO).slice(0, 2);
    const points = await evaluate([oracle, liar], { cases, snrsDb: [-4, 0], slots: 2 });
    const tables = formatMarkdown(points).split('\n\n');
    expect(tables).toHaveLength(4);
    expect(tables[0]).toBe('**DMRS 2; Doppler 0–100 Hz** (2 slots a point)');
    expect(tables[1]?.split('\n')).toEqual([
      '| SNR (dB) | oracle | liar |',
      '|---:|---:|---:|',
      '| -4 | 0.00e+0 | 1.00e+0 |',
      '| 0 | 0.00e+0 | 1.00e+0 |',
    ]);
  });
});
