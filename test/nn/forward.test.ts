import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeServiceModel } from '#nn/service-graph.js';
import { MODULATIONS, bitsPerSymbol } from '#nr/qam.js';
import type { SlotConfig } from '#phy/slot.js';
import { DMRS } from '../phy/helpers/slots.js';
import { at, momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import {
  type RunningModel,
  type Tensor,
  type Tensors,
  openModel,
  outputOf,
  tensorOf,
} from '../support/run-graph.js';

const IDENTITY = { name: 'test', version: '1' };
let model: RunningModel;

beforeAll(async () => {
  model = await openModel(encodeServiceModel(trainedNetwork(networkConfig(), 1), IDENTITY));
});
afterAll(() => model.release());

async function llrsOf(feeds: Tensors): Promise<Tensor> {
  return outputOf(await model.run(feeds), 'llr');
}

/** Rows `from` to `to` of every input. */
function rowsOf(feeds: Tensors, from: number, to: number): Tensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => {
      const size = data.length / at(dims, 0);
      return [name, tensorOf([to - from, ...dims.slice(1)], data.subarray(from * size, to * size))];
    }),
  );
}

const EXTENDED: Partial<SlotConfig> = {
  nSym: 12,
  dmrs: { ...DMRS, symbolPositions: [2, 9], symbolsPerSlot: 12 },
};

describe('the full model', () => {
  it.each([
    { nPrb: 1, batch: 1, change: {} },
    { nPrb: 4, batch: 3, change: {} },
    { nPrb: 24, batch: 1, change: {} },
    { nPrb: 4, batch: 2, change: EXTENDED },
    { nPrb: 1, batch: 5, change: EXTENDED },
  ])(
    'gives finite LLRs for $batch grids of $nPrb PRB, $change.nSym symbols',
    async ({ nPrb, batch, change }) => {
      const llr = await llrsOf(contractFeeds(drawSlots(batch, nPrb, { nPrb, ...change })));
      expect(llr.dims).toEqual([batch, 2, change.nSym ?? 14, 12 * nPrb]);
      expect(llr.data.every(Number.isFinite)).toBe(true);
      expect(momentsOf(llr.data).std).toBeGreaterThan(0.01);
    },
  );

  it.each(MODULATIONS)('has one plane for each bit of %s', async (modulation) => {
    const network = trainedNetwork(networkConfig({ modulation, nRx: 1, dilations: [[1, 1]] }), 2);
    const other = await openModel(encodeServiceModel(network, IDENTITY));
    const { llr } = await other.run(contractFeeds(drawSlots(1, 3, { nPrb: 1, nRx: 1, modulation })));
    await other.release();
    expect(llr?.dims).toEqual([1, bitsPerSymbol(modulation), 14, 12]);
  });

  it('answers the same at any gain of the receiver', async () => {
    const feeds = contractFeeds(drawSlots(2, 5));
    const plain = await llrsOf(feeds);
    const scaled = (gain: number): Promise<Tensor> => {
      const { data, dims } = outputOf(feeds, 'rx_grid');
      return llrsOf({
        ...feeds,
        rx_grid: tensorOf(
          dims,
          data.map((x) => gain * x),
        ),
      });
    };
    // Powers of two scale without rounding.
    for (const gain of [2 ** -10, 2 ** 10]) expect((await scaled(gain)).data).toHaveSameBits(plain.data);
    // Others round each sample by 6e-8, which the soft decisions amplify by up to 1/noise = 1000.
    for (const gain of [1e-3, 1e3])
      expect((await scaled(gain)).data).toBeAllClose(plain.data, { absolute: 1e-3 });
  });

  it('leaks no state: the same grid gives the same LLRs after others', async () => {
    const feeds = contractFeeds(drawSlots(1, 6));
    const first = await llrsOf(feeds);
    await llrsOf(contractFeeds(drawSlots(2, 8, { snrDb: 20 })));
    expect((await llrsOf(feeds)).data).toHaveSameBits(first.data);
  });
});

describe.each(['per-step', 'shared'] as const)('batch invariance with %s statistics', (normStatistics) => {
  it('gives a row the same bits alone, in any batch and at any place', async () => {
    const network = trainedNetwork(networkConfig({ normStatistics }), 3);
    const served = await openModel(encodeServiceModel(network, IDENTITY));
    const feeds = contractFeeds(drawSlots(9, 11, { nPrb: 2 }));
    const llrs = async (from: number, to: number): Promise<Float32Array> =>
      outputOf(await served.run(rowsOf(feeds, from, to)), 'llr').data;
    const all = await llrs(0, 9);
    const size = all.length / 9;
    const batches: readonly (readonly [number, number])[] = [
      [0, 1],
      [4, 5],
      [8, 9],
      [3, 5],
      [2, 5],
      [4, 9],
      [1, 9],
    ];
    for (const [from, to] of batches)
      expect(await llrs(from, to)).toHaveSameBits(all.slice(from * size, to * size), `rows ${from} to ${to}`);
    await served.release();
  });
});
