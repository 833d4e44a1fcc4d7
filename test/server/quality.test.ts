import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llrValues, planarGrid, type ClientGrid, type GridLlr } from '#client/index.js';
import { Random } from '#phy/random.js';
import { simulateSlot } from '#phy/slot.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

async function streamed(grids: readonly ClientGrid[], output: object): Promise<GridLlr[]> {
  const answers: GridLlr[] = [];
  for await (const answer of service.grpc.stream([grids], { output, ordered: true })) {
    if (answer.error) throw answer.error;
    answers.push(answer);
  }
  return answers;
}

async function everyWay(grids: readonly ClientGrid[], output: object): Promise<GridLlr[][]> {
  return [
    await service.rest.computeJson(grids, { output }),
    await service.rest.compute(grids, { output }),
    await service.grpc.compute(grids, { output }),
    await streamed(grids, output),
  ];
}

async function metric(name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const samples = [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))];
  return new Map(samples.map(([, labels = '', value]) => [labels, Number(value)]));
}

describe('quality of an answer', () => {
  test('is that of its LLRs, on every way', async () => {
    const grids = [1, 2].map((seed) => grid({ seed }));
    const [plain] = await everyWay(grids, {});
    const means = plain!.map(({ llr }) => mean(llrValues(llr)));
    // A scale under which some values of these models saturate and some do not.
    const scale = 100 / means[0]!;
    for (const answers of await everyWay(grids, { datatype: 'i8', scale }))
      for (const [i, { llr, quality }] of answers.entries()) {
        const values = llrValues(llr);
        const saturated = values.filter((value) => Math.abs(value) === 127).length / values.length;
        expect(saturated).toBeGreaterThan(0);
        expect(saturated).toBeLessThan(1);
        expect(quality.saturatedFraction).toBeCloseTo(saturated, 3);
        // Before the scale and the rounding; of headers three digits.
        expect(Math.abs(quality.meanAbsLlr - means[i]!)).toBeLessThan(1e-3 + 1e-5 * means[i]!);
        expect(quality.estimatedSnrDb).toBeTypeOf('number');
      }
  });

  test('is of the data alone, whatever the layout', async () => {
    const [codeword] = await service.grpc.compute([grid()]);
    const [whole] = await service.grpc.compute([grid()], { output: { layout: 'grid' } });
    expect(whole!.quality).toEqual(codeword!.quality);
  });

  // One slot's estimate at 25 PRB deviates by 0.4 dB; see test/server/snr-estimate.test.ts.
  test('tells the SNR that a slot was received with', async () => {
    const slot = simulateSlot(
      {
        modulation: 'QPSK',
        nRx: 2,
        nPrb: 25,
        snrDb: 12,
        channel: 'awgn',
        dmrs: { configType: 1, symbolPositions: [2, 11], nId: 1, nScid: 0, slot: 0, cdmGroupsWithoutData: 1 },
      },
      Random.fromSeed(1),
    );
    const { rxGrid, shape, config } = slot;
    const sent = planarGrid('slot', { rxGrid, shape, dmrs: config.dmrs });
    for (const [answer] of await everyWay([sent], {}))
      expect(Math.abs(answer!.quality.estimatedSnrDb! - 12)).toBeLessThan(2.5);
  });

  test('a grid with too few pilots has no estimate', async () => {
    const sparse = new Float32Array(2 * 14 * 24);
    for (const at of [50, 60, 70]) sparse[2 * at] = 1;
    const dmrs = { datatype: 'cf32_le', shape: [14, 24], data: sparse } as const;
    for (const [answer] of await everyWay([{ ...grid(), dmrs }], {}))
      expect(answer!.quality.estimatedSnrDb).toBeUndefined();
  });
});

test('metrics: magnitudes add up to the LLRs computed, saturated values to those answered', async () => {
  const labels = 'model="random",version="1"';
  const count = async (name: string, more = '') => (await metric(name)).get(labels + more) ?? 0;
  const output = { datatype: 'i8', scale: 1000 } as const;
  const answers = await service.grpc.compute([grid({ seed: 3 }), grid({ seed: 4 })], {
    version: '1',
    output,
  });
  const values = answers.flatMap(({ llr }) => [...llrValues(llr)]);
  const saturated = values.filter((value) => Math.abs(value) === 127).length;
  expect(saturated).toBeGreaterThan(0);
  expect(await count('spikingrx_llrs_total', ',datatype="i8"')).toBe(values.length);
  expect(await count('spikingrx_llrs_saturated_total', ',datatype="i8"')).toBe(saturated);
  expect(await count('spikingrx_estimated_snr_db_count')).toBe(2);
  expect(await count('spikingrx_llr_magnitude_count')).toBe(values.length);
  const magnitudes = await metric('spikingrx_llr_magnitude_bucket');
  expect(magnitudes.get(`le="+Inf",${labels}`)).toBe(values.length);
  const buckets = [...magnitudes].filter(([key]) => key.endsWith(labels)).map(([, value]) => value);
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  const [first, second] = answers;
  const sum = (values.length / 2) * (first!.quality.meanAbsLlr + second!.quality.meanAbsLlr);
  expect((await count('spikingrx_llr_magnitude_sum')) / sum).toBeCloseTo(1, 5);
});

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}
