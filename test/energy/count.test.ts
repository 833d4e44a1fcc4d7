import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countEnergy, energySlot } from '#energy/count.js';
import { ActivityMeter } from '#energy/meter.js';
import type { ModelEnergy } from '#energy/report.js';
import { energySettings } from '#energy/settings.js';
import { emptyTally } from '#energy/tally.js';
import type { SpikingRxConfig } from '#nn/config.js';
import { samePadding } from '#nn/conv-block.js';
import { type TrainedNetwork, buildInferenceGraph, encodeServiceModel } from '#nn/service-graph.js';
import { type SpikingLayerSpec, contractInputs, parameterSpecs, spikingLayers } from '#nn/spikingrx.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import type { Slot } from '#phy/slot.js';
import { at } from '../support/matchers.js';
import { contractFeeds, networkConfig, trainedNetwork } from '../support/networks.js';
import { type Tensor, outputOf, runGraph, tensorOf } from '../support/run-graph.js';
import { FLAGS } from './helpers/flags.js';
import { naiveAccumulates, visit } from './helpers/naive.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-energy-'));
afterAll(() => rmSync(directory, { recursive: true }));

const GRID = [14, 12] as const;
const NEURONS = 6 * 14 * 12;

function write(name: string, bytes: Uint8Array): string {
  const path = join(directory, `${name}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

const publish = (network: TrainedNetwork): string =>
  write('network', encodeServiceModel(network, { name: 'small', version: '1' }));

/** Counts one model on three slots at each of two SNRs. */
async function count(path: string): Promise<{ model: ModelEnergy; slots: Slot[] }> {
  const settings = energySettings({ ...FLAGS, model: [path] });
  const report = await countEnergy(settings);
  const slots = settings.snrsDb.flatMap((snrDb) => [0, 1, 2].map((i) => energySlot(settings, snrDb, i)));
  return { model: at(report.models, 0), slots };
}

const shapeOf = (layer: SpikingLayerSpec) => ({
  ...layer,
  kernel: [3, 3] as const,
  ...samePadding(layer.dilation),
});

const layerOf = ({ pooled }: ModelEnergy, name: string) => {
  const found = pooled.layers.find((layer) => layer.name === name);
  if (!found) throw new Error(`no layer ${name}`);
  return found;
};

/** Spikes of one slot by layer and step, of the network as it is defined. */
async function spikesOf(network: TrainedNetwork, slot: Slot): Promise<ReadonlyMap<string, Tensor[]>> {
  const { g, pass } = buildInferenceGraph(network, 'plain');
  for (const [layer, steps] of pass.spikes)
    steps.forEach((step, t) => g.output(g.identity(step), `${layer}/${t}/out`));
  const outputs = await runGraph(g, contractFeeds([slot]));
  const named = [...pass.spikes].map(
    ([layer, steps]) => [layer, steps.map((_, t) => outputOf(outputs, `${layer}/${t}/out`))] as const,
  );
  return new Map(named);
}

/** What the blocks see at step t, by the connection's definition. */
function inputsAt(spikes: ReadonlyMap<string, Tensor[]>, config: SpikingRxConfig, t: number): Tensor[] {
  const of = (layer: string) => at(spikes.get(layer) ?? [], t);
  const inputs: Tensor[] = [of('stem')];
  for (const { name } of spikingLayers(config).slice(1)) {
    const before = inputs.at(-1) as Tensor;
    const joined = of(name).data.map((s, i) => {
      const x = at(before.data, i);
      return config.connection === 'add' ? s + x : config.connection === 'and' ? s * x : (1 - s) * x;
    });
    inputs.push(tensorOf(before.dims, joined));
  }
  return inputs;
}

const VARIANTS: readonly Partial<SpikingRxConfig>[] = [
  ...[1, 2, 3, 4].map((timeSteps) => ({ timeSteps })),
  { normStatistics: 'shared' },
  { timeSteps: 1, normStatistics: 'shared' },
  { connection: 'and', driveGain: 60 },
  { connection: 'iand' },
];

/** Pairs of an output and a tap that meet the grid, along one axis, with taps on both sides alike. */
function reach(taps: number, size: number): number {
  const middle = (taps - 1) / 2;
  return Array.from({ length: taps }, (_, tap) => Math.max(0, size - Math.abs(tap - middle))).reduce(
    (sum, hits) => sum + hits,
  );
}

describe('counts', () => {
  it.each(VARIANTS)('are those of a loop over real spikes: %o', async (settings) => {
    const network = trainedNetwork(networkConfig(settings), 91);
    const { config } = network;
    const { model, slots } = await count(publish(network));
    expect(model).toMatchObject({ kind: 'spiking', timeSteps: config.timeSteps });
    expect(model.pooled.slots).toBe(6);
    const layers = spikingLayers(config);
    const expected = layers.map(() => Array.from({ length: config.timeSteps }, () => ({ ac: 0, fired: 0 })));
    for (const slot of slots) {
      const spikes = await spikesOf(network, slot);
      for (let t = 0; t < config.timeSteps; t++)
        layers.forEach((layer, k) => {
          const cell = at(at(expected, k), t);
          cell.fired += at(spikes.get(layer.name) ?? [], t).data.reduce((sum, s) => sum + s, 0);
          if (k > 0) cell.ac += naiveAccumulates(at(inputsAt(spikes, config, t), k - 1), shapeOf(layer));
        });
    }
    layers.forEach((layer, k) => {
      const steps = layerOf(model, layer.name).steps;
      expect(steps.map(({ step }) => step)).toEqual(at(expected, k).map((_, t) => t + 1));
      // Sums of whole numbers, divided once.
      expect(steps.map(({ firingRate }) => firingRate)).toEqual(
        at(expected, k).map(({ fired }) => fired / (6 * NEURONS)),
      );
      expect(steps.map(({ input }) => input?.accumulates)).toEqual(
        at(expected, k).map(({ ac }) => (k > 0 ? ac / 6 : undefined)),
      );
    });
    expect(model.pooled.totals.accumulates).toBeGreaterThan(0);
  });

  it('of dense layers are multiply-accumulates: the stem once, readout and features by their weights', async () => {
    const network = trainedNetwork(networkConfig({ timeSteps: 3 }), 92);
    const { model } = await count(publish(network));
    const [stem, ...blocks] = spikingLayers(network.config);
    const stemOnce = visit(GRID, shapeOf(stem as SpikingLayerSpec), () => 1);
    expect(layerOf(model, 'stem')).toMatchObject({
      multiplyAccumulates: stemOnce,
      annMultiplyAccumulates: stemOnce,
      everyStepMultiplyAccumulates: 3 * stemOnce,
      accumulates: 0,
    });
    const readout = parameterSpecs(network.config)
      .filter(({ name }) => /^readout\..*\.weight$/.test(name))
      .reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
    expect(layerOf(model, 'readout').multiplyAccumulates).toBe(readout * 14 * 12);
    // Five planes: triangles of half-width 3 and 12 (5 and 23 taps) over 12 subcarriers, then 14 symbols of 27.
    const features = 5 * 14 * (reach(5, 12) + reach(23, 12)) + 10 * 12 * reach(27, 14);
    expect(layerOf(model, 'features').multiplyAccumulates).toBe(features);
    for (const block of blocks) {
      const dense = visit(GRID, shapeOf(block), () => 1);
      expect(layerOf(model, block.name)).toMatchObject({
        multiplyAccumulates: 0,
        annMultiplyAccumulates: dense,
      });
    }
    const { totals } = model.pooled;
    expect(totals.annMultiplyAccumulates).toBe(
      model.pooled.layers.reduce((sum, layer) => sum + layer.annMultiplyAccumulates, 0),
    );
    expect(totals.energyPj).toBeCloseTo(4.6 * totals.multiplyAccumulates + 0.9 * totals.accumulates, 3);
    expect(totals.energyPerRePj).toBeCloseTo(totals.energyPj / 168, 6);
    expect(totals.annRatio).toBeCloseTo((4.6 * totals.annMultiplyAccumulates) / totals.energyPj, 9);
  });

  it('element by element are those of the recurrence and of ADD, apart from the energy', async () => {
    const steps = 3;
    const { model } = await count(publish(trainedNetwork(networkConfig({ timeSteps: steps }), 93)));
    // βu and −s at all steps but one; +i at all but the first; u ≥ θ always; in blocks ADD.
    const lif = { multiplications: (steps - 1) * NEURONS, comparisons: steps * NEURONS };
    expect(layerOf(model, 'stem').elementwise).toEqual({ ...lif, additions: 2 * (steps - 1) * NEURONS });
    expect(layerOf(model, 'block1').elementwise).toEqual({
      ...lif,
      additions: (2 * (steps - 1) + steps) * NEURONS,
    });
    const { multiplications, additions, comparisons } = model.pooled.totals.elementwise;
    expect(model.pooled.totals.elementwiseEnergyPj).toBeCloseTo(
      3.7 * multiplications + 0.9 * (additions + comparisons),
      3,
    );
  });
});

/** A network whose neurons all get the same large drive, whatever comes in. */
function driven(sign: 1 | -1, settings: Partial<SpikingRxConfig>): TrainedNetwork {
  const network = trainedNetwork(networkConfig(settings), 94);
  const weights = new Map(network.weights);
  for (const [name, values] of weights)
    if (name.endsWith('norm.bias'))
      weights.set(
        name,
        values.map(() => sign * 1e4),
      );
  return { ...network, weights };
}

describe('closed forms', () => {
  it('when every neuron fires at every step, block k sees k everywhere', async () => {
    const steps = 2;
    const { model } = await count(publish(driven(1, { timeSteps: steps })));
    for (const [k, name] of ['stem', 'block1', 'block2'].entries()) {
      const layer = layerOf(model, name);
      expect(layer.steps.map(({ firingRate }) => firingRate)).toEqual([1, 1]);
      if (k === 0) continue;
      expect(layer.steps.map(({ input }) => input)).toEqual(
        layer.steps.map(() => ({
          mean: k,
          nonzeroShare: 1,
          largest: k,
          accumulates: k * layer.annMultiplyAccumulates,
        })),
      );
      expect(layer.annEnergyPj / layer.energyPj).toBeCloseTo(4.6 / (0.9 * k * steps), 9);
    }
    expect(model.pooled.totals.firingRate).toBe(1);
  });

  it('when none fires, the blocks cost nothing', async () => {
    const { model } = await count(publish(driven(-1, { timeSteps: 4 })));
    const { totals } = model.pooled;
    expect(totals).toMatchObject({ firingRate: 0, accumulates: 0 });
    expect(totals.energyPj).toBeCloseTo(4.6 * totals.multiplyAccumulates, 3);
    expect(layerOf(model, 'block2').energyPj).toBe(0);
  });
});

describe('other models', () => {
  const pads = { pads: [1, 1, 1, 1], dilations: [1, 1] } as const;

  /** Two ReLU layers with a residual connection and a 1×1 convolution: an ANN of the contract. */
  function ann(build?: (g: GraphBuilder) => void): Uint8Array {
    const g = new GraphBuilder('ann');
    const { rx } = contractInputs(g, 2);
    const weights = (name: string, shape: readonly number[]) =>
      g.initializer(name, shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1));
    const stem = g.scope('stem', () =>
      g.relu(g.conv(rx, weights('stem.weight.0', [3, 4, 3, 3]), undefined, pads)),
    );
    const block = g.scope('block1', () =>
      g.add(stem, g.relu(g.conv(stem, weights('block1.weight.0', [3, 3, 3, 3]), undefined, pads))),
    );
    build?.(g);
    const pointwise = { pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
    g.output(g.conv(block, weights('out.weight', [2, 3, 1, 1]), undefined, pointwise), 'llr');
    const config = { name: 'ann', version: '1', modulation: 'QPSK' };
    return encodeModel(g, { 'spikingrx.contract': '1', 'spikingrx.config': JSON.stringify(config) });
  }

  const dense = (inChannels: number): number =>
    visit(GRID, { inChannels, outChannels: 3, kernel: [3, 3], ...pads }, () => 1);

  it('without spikes count by their own multiply-accumulates', async () => {
    const { model } = await count(write('ann', ann()));
    expect(model).toMatchObject({ kind: 'ann', timeSteps: 1, title: 'ann/1' });
    const { layers, totals } = model.pooled;
    expect(layers.map(({ name, multiplyAccumulates, steps }) => [name, multiplyAccumulates, steps])).toEqual([
      ['stem', dense(4), []],
      ['block1', dense(3), []],
      ['out', 6 * 168, []],
    ]);
    expect(totals).toMatchObject({ firingRate: null, accumulates: 0, annRatio: 1, blocksAnnRatio: null });
    expect(layers[1]?.elementwise).toEqual({
      multiplications: 0,
      additions: 3 * 168,
      comparisons: 3 * 168,
    });
  });

  it('with operators that nobody counts are refused', async () => {
    const bytes = ann((g) => {
      const square = g.initializer('m', [2, 2], new Float32Array(4));
      g.matMul(square, square);
    });
    await expect(ActivityMeter.open(bytes)).rejects.toThrow(/MatMul.*expected convolutions alone/);
  });
});

it('the shipped model fires, and needs less than the ANN of its shape', async () => {
  const meter = await ActivityMeter.open(
    new Uint8Array(readFileSync('models/spikingrx-qpsk-2rx/2/model.onnx')),
  );
  try {
    expect(meter.layers.map(({ name }) => name)).toEqual(
      ['features', 'stem'].concat(
        [1, 2, 3, 4, 5, 6].map((k) => `block${k}`),
        ['refinement', 'readout'],
      ),
    );
    const tally = emptyTally(meter.layers);
    const settings = energySettings({ ...FLAGS, model: ['models/spikingrx-qpsk-2rx/2/model.onnx'] });
    for (let i = 0; i < 4; i++) await meter.measure(energySlot(settings, 5, i), tally);
    for (const steps of tally.layers.values())
      for (const { spikes, neurons } of steps) {
        expect(spikes / neurons).toBeGreaterThan(0.02);
        expect(spikes / neurons).toBeLessThan(0.5);
      }
  } finally {
    await meter.release();
  }
});
