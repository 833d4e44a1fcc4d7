import { describe, expect, it } from 'vitest';
import { type FeatureOptions, featureCount, featureNames, features } from '#nn/features.js';
import { GraphBuilder } from '#onnx/builder.js';
import type { SlotConfig } from '#phy/slot.js';
import { at } from '../support/matchers.js';
import { contractFeeds, drawSlots } from '../support/networks.js';
import { type Tensor, outputOf, runGraph, sizeOf, tensorOf } from '../support/run-graph.js';
import { DMRS } from '../phy/helpers/slots.js';
import { featuresReference } from './features-reference.js';

const OPTIONS: FeatureOptions = { nRx: 2, frequencyHalfWidths: [3, 12], timeDecay: 0.75 };

async function featuresOf(rx: Tensor, dmrs: Tensor, options = OPTIONS): Promise<Tensor> {
  const g = new GraphBuilder('features');
  const inputs = [g.input('rx', 'float32', rx.dims), g.input('dmrs', 'float32', dmrs.dims)] as const;
  g.output(features(g, ...inputs, options).planes, 'features');
  return outputOf(await runGraph(g, { rx, dmrs }), 'features');
}

function slotTensors(change: Partial<SlotConfig> = {}): { rx: Tensor; dmrs: Tensor } {
  const feeds = contractFeeds(drawSlots(1, 7, { nPrb: 1, ...change }));
  return { rx: outputOf(feeds, 'rx_grid'), dmrs: outputOf(feeds, 'dmrs') };
}

/** Plane `index` of the features of one grid. */
function planeOf({ data, dims }: Tensor, index: number): Float32Array {
  const plane = sizeOf(dims.slice(2));
  return data.subarray(index * plane, (index + 1) * plane);
}

const scaledBy = ({ data, dims }: Tensor, factor: number): Tensor =>
  tensorOf(
    dims,
    data.map((x) => x * factor),
  );

describe('features', () => {
  it.each<{ name: string; change: Partial<SlotConfig>; options: Partial<FeatureOptions> }>([
    { name: 'two DMRS symbols', change: {}, options: {} },
    { name: 'one DMRS symbol', change: { dmrs: { ...DMRS, symbolPositions: [2] } }, options: {} },
    { name: 'DMRS type 2', change: { dmrs: { ...DMRS, configType: 2 } }, options: {} },
    { name: 'one antenna', change: { nRx: 1 }, options: { nRx: 1, frequencyHalfWidths: [5] } },
    { name: '12 symbols', change: { nSym: 12, dmrs: { ...DMRS, symbolsPerSlot: 12 } }, options: {} },
    { name: 'a short kernel', change: { snrDb: 0 }, options: { frequencyHalfWidths: [2], timeDecay: 0.3 } },
  ])('equal LS, normalised convolution and matched filter of plain arithmetic: $name', async (test) => {
    const { rx, dmrs } = slotTensors(test.change);
    const options = { ...OPTIONS, ...test.options };
    const actual = await featuresOf(rx, dmrs, options);
    const expected = featuresReference(rx, dmrs, options);
    expect(actual.dims[1]).toBe(featureCount(options));
    expect(expected.length).toBe(featureCount(options));
    expect(new Set(featureNames(options)).size).toBe(featureCount(options));
    // float32 sums of up to 100 terms of size 1; soft decisions multiply that by up to 1/noise.
    expected.forEach((plane, index) => {
      expect(planeOf(actual, index)).toBeAllClose(plane, { absolute: 2e-4, what: `plane ${index}` });
    });
  });

  it('have their names in the order of the planes', async () => {
    const { rx, dmrs } = slotTensors();
    const planes = await featuresOf(rx, dmrs, OPTIONS);
    const names = featureNames(OPTIONS);
    const plane = (name: string) => planeOf(planes, names.indexOf(name));
    expect(new Set(plane('pilots'))).toEqual(new Set([0, 1]));
    const [re, im, gain] = [['ĥ0 re, k1', 'ĥ1 re, k1'], ['ĥ0 im, k1', 'ĥ1 im, k1'], ['gain, k1']].map(
      (some) => some.map(plane),
    ) as [Float32Array[], Float32Array[], [Float32Array]];
    const power = gain[0].map((_, i) =>
      Math.sqrt([...re, ...im].reduce((sum, values) => sum + at(values, i) ** 2, 0)),
    );
    expect(gain[0]).toBeAllClose(power, { absolute: 1e-5 });
  });

  it('spread the reach of the kernels as the reference says: another decay would be seen', async () => {
    const { rx, dmrs } = slotTensors();
    const expected = featuresReference(rx, dmrs, { ...OPTIONS, timeDecay: 0.76 });
    expect(planeOf(await featuresOf(rx, dmrs), 5)).not.toBeAllClose(at(expected, 5), { absolute: 2e-4 });
  });

  it.each([1e-3, 1e3, 0.37])('do not depend on a receiver gain of %d', async (gain) => {
    const { rx, dmrs } = slotTensors();
    const plain = await featuresOf(rx, dmrs);
    // Rounding of the scaled input, 6e-8, times up to 1/noise in the soft decisions.
    expect((await featuresOf(scaledBy(rx, gain), dmrs)).data).toBeAllClose(plain.data, { absolute: 1e-4 });
  });

  it('see the same channel relative to the data when pilots are sent stronger', async () => {
    const { rx, dmrs } = slotTensors();
    const plain = await featuresOf(rx, dmrs);
    const boost = 2;
    const cells = sizeOf(dmrs.dims) / 2;
    const boosted = tensorOf(
      rx.dims,
      rx.data.map((y, i) => {
        const cell = i % cells;
        const isPilot = dmrs.data[cell] !== 0 || dmrs.data[cells + cell] !== 0;
        return isPilot ? boost * y : y;
      }),
    );
    const stronger = await featuresOf(boosted, scaledBy(dmrs, boost));
    // The grid's power has grown, and with it the unit: compare ĥ to a data element of the first antenna.
    const nSc = at(rx.dims, 3);
    const data = 5 * nSc + 3;
    for (let plane = 6; plane < 10; plane++) {
      const relative = (f: Tensor): number[] =>
        [...planeOf(f, plane)].map((h) => h / at(planeOf(f, 0), data));
      expect(relative(stronger)).toBeAllClose(relative(plain), { absolute: 1e-5, relative: 1e-4 });
    }
    expect(planeOf(stronger, 4)).toBeAllClose(planeOf(plain, 4), { absolute: 1e-6, what: 'pilot map' });
  });

  it('stay finite without signal', async () => {
    const { rx, dmrs } = slotTensors();
    const silent = await featuresOf(scaledBy(rx, 0), dmrs);
    expect(silent.data.every(Number.isFinite)).toBe(true);
  });
});
