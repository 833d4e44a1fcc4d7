import { describe, expect, it } from 'vitest';
import { type Moments, type Normalisation, initializerSource } from '#nn/context.js';
import { initialise } from '#nn/parameters.js';
import { spikeNorm, spikeNormSpecs, statisticNames, statisticSpecs } from '#nn/spike-norm.js';
import { GraphBuilder } from '#onnx/builder.js';
import { Random } from '#phy/random.js';
import { at, momentsOf } from '../support/matchers.js';
import { type Tensor, outputOf, runGraph, sizeOf, tensorOf } from '../support/run-graph.js';

const CHANNELS = 3;
const STEPS = 4;
const DIMS = [5, STEPS, CHANNELS, 6, 7] as const;

/** Every step and channel with a mean and a spread of its own. */
function currents(dims: readonly number[] = DIMS): Tensor {
  const random = Random.fromSeed('currents');
  const plane = sizeOf(dims.slice(-2));
  const groups = sizeOf(dims.slice(1, -2));
  return tensorOf(
    dims,
    Array.from({ length: sizeOf(dims) }, (_, i) => {
      const group = Math.floor(i / plane) % groups;
      return 3 * Math.sin(group) + (0.5 + group / 4) * random.normal();
    }),
  );
}

/** The elements of one step and channel over batch and grid. */
function groupOf({ data, dims }: Tensor, group: number): number[] {
  const plane = sizeOf(dims.slice(-2));
  const groups = sizeOf(dims.slice(1, -2));
  return [...data].filter((_, i) => Math.floor(i / plane) % groups === group);
}

async function normalise(x: Tensor, normalisation: (g: GraphBuilder) => Normalisation): Promise<Tensor> {
  const g = new GraphBuilder('norm');
  const specs = spikeNormSpecs('norm', CHANNELS);
  const parameter = initializerSource(g, specs, initialise(specs, Random.fromSeed(1)));
  const context = { g, parameter, normalisation: normalisation(g) };
  g.output(spikeNorm(context, 'norm', g.input('x', 'float32', x.dims)), 'y');
  return outputOf(await runGraph(g, { x }), 'y');
}

/** Rows `from` to `to` of a tensor. */
function rows({ data, dims }: Tensor, from: number, to: number): Tensor {
  const size = data.length / at(dims, 0);
  return tensorOf([to - from, ...dims.slice(1)], data.subarray(from * size, to * size));
}

const batchMode = (): Normalisation => ({ kind: 'batch', observe: () => undefined });

function frozenMode(g: GraphBuilder): Normalisation {
  const specs = statisticSpecs('norm', CHANNELS, STEPS);
  const random = Random.fromSeed('statistics');
  const values = new Map(
    specs.map(({ name }) => [name, Float32Array.from({ length: CHANNELS }, () => 0.5 + random.uniform())]),
  );
  const statistic = initializerSource(g, specs, values);
  const moments = (layer: string, step: number): Moments => {
    const names = statisticNames(layer, step);
    return { mean: statistic(names.mean), variance: statistic(names.variance) };
  };
  return { kind: 'frozen', moments };
}

/** @throws unless every step and channel has mean 0 and std 1; ε = 1e-5 beside variances of at least 0.25. */
function expectNormalised(y: Tensor, groups: number): void {
  for (let group = 0; group < groups; group++) {
    const { mean, std } = momentsOf(groupOf(y, group));
    expect([mean, std]).toBeAllClose([0, 1], { absolute: 1e-4, what: `mean and std of group ${group}` });
  }
}

describe('SpikeNorm with batch statistics', () => {
  it('gives mean 0 and std 1 for every step and every channel of [B, T, C, H, W]', async () => {
    const y = await normalise(currents(), batchMode);
    expect(y.dims).toEqual(DIMS);
    expectNormalised(y, STEPS * CHANNELS);
  });

  it('does the same on [B, C, H, W]', async () => {
    const y = await normalise(currents([5, CHANNELS, 6, 7]), batchMode);
    expect(y.dims).toEqual([5, CHANNELS, 6, 7]);
    expectNormalised(y, CHANNELS);
  });

  it('would be caught mixing steps: normalised over all of them together, none has mean 0', () => {
    const x = currents();
    const mixed = x.data.slice();
    const [, , , height, width] = DIMS;
    const channelOf = (i: number): number => Math.floor(i / (height * width)) % CHANNELS;
    for (let c = 0; c < CHANNELS; c++) {
      const { mean, std } = momentsOf([...x.data].filter((_, i) => channelOf(i) === c));
      mixed.forEach((value, i) => {
        if (channelOf(i) === c) mixed[i] = (value - mean) / std;
      });
    }
    expect(() => expectNormalised(tensorOf(DIMS, mixed), STEPS * CHANNELS)).toThrow(
      'mean and std of group 0',
    );
  });

  it('reports the moments of each step', async () => {
    const x = currents();
    const g = new GraphBuilder('norm');
    const specs = spikeNormSpecs('norm', CHANNELS);
    const parameter = initializerSource(g, specs, initialise(specs, Random.fromSeed(1)));
    const observe = (layer: string, step: number, { mean, variance }: Moments): void => {
      g.output(mean, `${layer}/mean/${step}`);
      g.output(variance, `${layer}/variance/${step}`);
    };
    const context = { g, parameter, normalisation: { kind: 'batch', observe } } as const;
    g.output(spikeNorm(context, 'norm', g.input('x', 'float32', DIMS)), 'y');
    const outputs = await runGraph(g, { x });
    for (let step = 0; step < STEPS; step++) {
      const expected = Array.from({ length: CHANNELS }, (_, c) => momentsOf(groupOf(x, step * CHANNELS + c)));
      // E[x²] − E[x]² in float32 with means up to 3: 1e-6 of 9.
      const tolerance = { absolute: 3e-5 };
      expect(outputOf(outputs, `norm/mean/${step}`).data).toBeAllClose(
        expected.map((m) => m.mean),
        tolerance,
      );
      expect(outputOf(outputs, `norm/variance/${step}`).data).toBeAllClose(
        expected.map((m) => m.std ** 2),
        tolerance,
      );
    }
  });
});

describe('SpikeNorm with frozen statistics', () => {
  it('scales by the statistics of each step', async () => {
    const x = currents();
    const y = await normalise(x, frozenMode);
    const random = Random.fromSeed('statistics');
    for (let step = 0; step < STEPS; step++) {
      const means = Array.from({ length: CHANNELS }, () => 0.5 + random.uniform());
      const variances = Array.from({ length: CHANNELS }, () => 0.5 + random.uniform());
      for (let c = 0; c < CHANNELS; c++) {
        const [mean, variance] = [at(means, c), at(variances, c)];
        const group = step * CHANNELS + c;
        const expected = groupOf(x, group).map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
        expect(groupOf(y, group)).toBeAllClose(expected, { absolute: 1e-5, relative: 1e-6 });
      }
    }
  });

  it('treats a row alone and in a batch alike, which batch statistics do not', async () => {
    const x = currents();
    const alone = rows(x, 2, 3);
    const inBatch = rows(await normalise(x, frozenMode), 2, 3);
    expect((await normalise(alone, frozenMode)).data).toHaveSameBits(inBatch.data);
    const moving = rows(await normalise(x, batchMode), 2, 3);
    const movingAlone = await normalise(alone, batchMode);
    expect(() => expect(movingAlone.data).toHaveSameBits(moving.data)).toThrow('at 0');
  });
});

it.each([{ dims: [2, 3] }, { dims: [2, 3, 4] }, { dims: [1, 2, 3, 4, 5, 6] }])(
  'SpikeNorm refuses $dims and names the shape',
  ({ dims }) => {
    const g = new GraphBuilder('norm');
    const context = { g, parameter: () => g.scalar(1), normalisation: batchMode() };
    expect(() => spikeNorm(context, 'norm', g.input('x', 'float32', dims))).toThrow(
      `expected [B, C, H, W] or [B, T, C, H, W], received [${dims.join(', ')}]`,
    );
  },
);
