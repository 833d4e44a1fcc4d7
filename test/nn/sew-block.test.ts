import { describe, expect, it } from 'vitest';
import { type BuildContext, initializerSource } from '#nn/context.js';
import { LIF_DEFAULTS } from '#nn/lif.js';
import { type Weights, initialise } from '#nn/parameters.js';
import { type SewConnection, type SewOptions, connect, sewBlock, sewBlockSpecs } from '#nn/sew-block.js';
import { GraphBuilder } from '#onnx/builder.js';
import { Random } from '#phy/random.js';
import { convolve } from '../support/conv-reference.js';
import { at, momentsOf } from '../support/matchers.js';
import { type Tensor, normalTensor, outputOf, runGraph, tensorOf } from '../support/run-graph.js';

const DIMS = [2, 5, 4, 32, 32];
const normalisation: BuildContext['normalisation'] = { kind: 'batch', observe: () => undefined };

async function block(x: Tensor, weights: Weights, options: SewOptions): Promise<Tensor> {
  const g = new GraphBuilder('sew');
  const context = {
    g,
    parameter: initializerSource(g, sewBlockSpecs('block', options.shape), weights),
    normalisation,
  };
  g.output(sewBlock(context, 'block', g.input('x', 'float32', x.dims), options), 'y');
  return outputOf(await runGraph(g, { x }), 'y');
}

function weightsFor(shape: SewOptions['shape'], seed: number): Weights {
  return initialise(sewBlockSpecs('block', shape), Random.fromSeed(seed));
}

describe('SEW block', () => {
  it('with the identity shortcut keeps shape and std of [2, 5, 4, 32, 32]', async () => {
    const shape = { inChannels: 4, outChannels: 4 };
    const y = await block(normalTensor(Random.fromSeed(1), DIMS), weightsFor(shape, 2), { shape });
    expect(y.dims).toEqual(DIMS);
    // At θ = 1 and unit currents hardly a neuron fires: what leaves is what came, 40,960 standard normal values.
    expect(Math.abs(momentsOf(y.data).std - 1)).toBeLessThan(0.02);
  });

  it('with the 1×1 shortcut gives [2, 5, 8, 32, 32] with the std that the drawn weights predict', async () => {
    const shape = { inChannels: 4, outChannels: 8 };
    const weights = weightsFor(shape, 5);
    const y = await block(normalTensor(Random.fromSeed(1), DIMS), weights, { shape });
    expect(y.dims).toEqual([2, 5, 8, 32, 32]);
    const shortcut = [...(weights.get('block.shortcut.weight') ?? [])];
    const predicted = Math.sqrt(shortcut.reduce((sum, w) => sum + w * w, 0) / 8);
    const { std } = momentsOf(y.data);
    // 10,240 pixels of 4 channels: 1 %, and hardly a spike.
    expect(Math.abs(std / predicted - 1)).toBeLessThan(0.03);
    // √(4·(1/4)/3) = 0.577 on average; 32 weights spread the std by 8 %.
    expect(Math.abs(std - 0.577)).toBeLessThan(0.1);
  });

  it('draws shortcuts whose output has a third of its input’s variance', () => {
    const shape = { inChannels: 4, outChannels: 8 };
    const powers = Array.from({ length: 300 }, (_, seed) => {
      const shortcut = [...(weightsFor(shape, seed).get('block.shortcut.weight') ?? [])];
      return shortcut.reduce((sum, w) => sum + w * w, 0) / 8;
    });
    // Var(w²) = 4/5·E[w²]²: 300 × 32 weights spread the mean by √(0.8/9600) = 0.9 %; five sigma.
    expect(Math.abs(3 * momentsOf(powers).mean - 1)).toBeLessThan(0.05);
  });

  it('adds LIF(SpikeNorm(Conv(x))) of plain arithmetic, state living through all steps', async () => {
    const shape = { inChannels: 2, outChannels: 2 };
    const dims = [2, 4, 2, 5, 6];
    const weights = weightsFor(shape, 3);
    const x = normalTensor(Random.fromSeed(4), dims);
    const lif = { ...LIF_DEFAULTS, threshold: 0.15 };
    const y = await block(x, weights, { shape, lif, dilation: [1, 2] });
    const spikes = plainBranch(x, weights, lif.threshold);
    const rate = spikes.reduce((sum, s) => sum + s, 0) / spikes.length;
    expect(rate).toBeGreaterThan(0.05);
    expect(y.data).toBeAllClose(
      x.data.map((value, i) => value + at(spikes, i)),
      { absolute: 1e-6 },
    );
  });

  it.each([{ dims: [2, 4, 8, 8] }, { dims: [2, 3, 4] }])('refuses $dims and names the shape', ({ dims }) => {
    const g = new GraphBuilder('sew');
    const x = g.input('x', 'float32', dims);
    const context = { g, parameter: () => x, normalisation };
    const shape = { inChannels: 4, outChannels: 4 };
    expect(() => sewBlock(context, 'block', x, { shape })).toThrow(`received [${dims.join(', ')}]`);
  });
});

/** Spikes of LIF(SpikeNorm(Conv(x))) for 2 channels, dilation (1, 2), batch statistics, β = 0.9. */
function plainBranch({ data, dims }: Tensor, weights: Weights, threshold: number): Float32Array {
  const [batch, steps, channels, height, width] = dims as [number, number, number, number, number];
  const plane = height * width;
  const spikes = new Float32Array(data.length);
  const potential = new Float64Array(batch * channels * plane);
  const kernel = tensorOf([channels, channels, 3, 3], weights.get('block.conv.weight') ?? []);
  for (let t = 0; t < steps; t++) {
    const step = Array.from({ length: batch }, (_, b) => {
      const start = (b * steps + t) * channels * plane;
      return [...data.subarray(start, start + channels * plane)];
    }).flat();
    const x = tensorOf([batch, channels, height, width], step);
    const y = convolve(x, kernel, undefined, { pads: [1, 2, 1, 2], dilations: [1, 2] });
    for (let c = 0; c < channels; c++) {
      const inChannel = (_: number, i: number): boolean => Math.floor(i / plane) % channels === c;
      const { mean, std } = momentsOf([...y.data].filter(inChannel));
      y.data.forEach((value, i) => {
        if (!inChannel(value, i)) return;
        const current = (value - mean) / Math.sqrt(std ** 2 + 1e-5);
        const charged = 0.9 * at(potential, i) + 0.1 * current;
        const spike = charged >= threshold ? 1 : 0;
        potential[i] = charged - spike * threshold;
        const b = Math.floor(i / (channels * plane));
        spikes[(b * steps + t) * channels * plane + (i % (channels * plane))] = spike;
      });
    }
  }
  return spikes;
}

describe('SEW connections', () => {
  const BRANCH = [0, 0, 1, 1];
  const SHORTCUT = [0, 1, 0, 1];
  it.each<{ connection: SewConnection; table: number[] }>([
    { connection: 'add', table: [0, 1, 1, 2] },
    { connection: 'and', table: [0, 0, 0, 1] },
    { connection: 'iand', table: [0, 1, 0, 0] },
  ])('$connection of branch 0011 and shortcut 0101 is $table', async ({ connection, table }) => {
    const g = new GraphBuilder('connect');
    const [branch, shortcut] = [g.input('branch', 'float32', [4]), g.input('shortcut', 'float32', [4])];
    g.output(connect(g, connection, branch, shortcut), 'y');
    const outputs = await runGraph(g, { branch: tensorOf([4], BRANCH), shortcut: tensorOf([4], SHORTCUT) });
    expect([...outputOf(outputs, 'y').data]).toEqual(table);
  });
});
