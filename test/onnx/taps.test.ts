import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SpikingRxConfig } from '#nn/config.js';
import { foldLayer } from '#nn/fold.js';
import { lifStep } from '#nn/lif.js';
import { type TrainedNetwork, buildInferenceGraph, encodeServiceModel } from '#nn/service-graph.js';
import { spikingLayers } from '#nn/spikingrx.js';
import { TAP_KINDS, findTaps, tapName, withTaps } from '#onnx/taps.js';
import { summariseModel } from '#onnx/model-file.js';
import { readNodes } from '#onnx/model-nodes.js';
import { at, momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { type Tensors, outputOf, runGraph, runModel } from '../support/run-graph.js';

const FEEDS = contractFeeds(drawSlots(2, 71, { nPrb: 1 }));
const VARIANTS: readonly Partial<SpikingRxConfig>[] = [1, 2, 3, 4].flatMap((timeSteps) => [
  { timeSteps, normStatistics: 'per-step' as const },
  { timeSteps, normStatistics: 'shared' as const, connection: 'iand' as const },
]);
const OTHERS: readonly Partial<SpikingRxConfig>[] = [
  { connection: 'and', threshold: 0.6, beta: 0.8, driveGain: 7 },
  { trainBeta: true, featureSkip: false },
];

const serviceModel = (network: TrainedNetwork): Uint8Array =>
  encodeServiceModel(network, { name: 'tapped', version: '1' });

/** Spikes as the network is defined, without folding. */
async function plainSpikes(network: TrainedNetwork): Promise<Tensors> {
  const { g, pass } = buildInferenceGraph(network, 'plain');
  for (const [layer, steps] of pass.spikes)
    steps.forEach((step, t) => g.output(g.identity(step), tapName(layer, t, 'spikes')));
  return runGraph(g, FEEDS);
}

const layerNames = (config: SpikingRxConfig): string[] => spikingLayers(config).map(({ name }) => name);

describe('taps', () => {
  it.each([...VARIANTS, ...OTHERS])(
    'show the spikes that the network is defined to have: %o',
    async (settings) => {
      const network = trainedNetwork(networkConfig(settings), 72);
      const plain = await plainSpikes(network);
      const tapped = await runModel(withTaps(serviceModel(network), ['spikes']), FEEDS);
      let fired = 0;
      for (const layer of layerNames(network.config))
        for (let t = 0; t < network.config.timeSteps; t++) {
          const spikes = outputOf(tapped, tapName(layer, t, 'spikes'));
          expect(spikes.dims).toEqual([2, 6, 14, 12]);
          expect(spikes.data).toHaveSameBits(
            outputOf(plain, tapName(layer, t, 'spikes')).data,
            `${layer} ${t}`,
          );
          fired += momentsOf(spikes.data).mean;
        }
      expect(fired).toBeGreaterThan(0.05);
    },
  );

  it.each([...VARIANTS, ...OTHERS])('follow the recurrence from drive to spikes: %o', async (settings) => {
    const network = trainedNetwork(networkConfig(settings), 73);
    const tapped = await runModel(withTaps(serviceModel(network), TAP_KINDS), FEEDS);
    for (const layer of spikingLayers(network.config)) {
      const { beta } = foldLayer(network.config, layer, network.weights, network.statistics);
      const potential = new Float64Array(outputOf(tapped, tapName(layer.name, 0, 'drive')).data.length);
      for (let t = 0; t < network.config.timeSteps; t++) {
        const [drive, membrane, spikes] = (['drive', 'membrane', 'spikes'] as const).map(
          (kind) => outputOf(tapped, tapName(layer.name, t, kind)).data,
        ) as [Float32Array, Float32Array, Float32Array];
        const charged = potential.map((u, n) => {
          const next = lifStep(u, at(drive, n) / (1 - beta), { beta, threshold: 1 });
          // The spike itself is taken from the tap: potentials within rounding of θ may go either way.
          potential[n] = next.charged - at(spikes, n);
          return next.charged;
        });
        expect(membrane).toBeAllClose(charged, { absolute: 1e-5, relative: 1e-5 });
        expect(spikes).toEqual(membrane.map((u) => (u >= 1 ? 1 : 0)));
      }
    }
  });

  it('show what a convolution sees: under ADD the spikes of the stem and of all blocks before', async () => {
    for (const normStatistics of ['per-step', 'shared'] as const) {
      const network = trainedNetwork(networkConfig({ normStatistics, timeSteps: 2 }), 74);
      const tapped = await runModel(withTaps(serviceModel(network), ['input', 'spikes']), FEEDS);
      for (let t = 0; t < 2; t++) {
        const of = (layer: string, kind: 'input' | 'spikes') =>
          outputOf(tapped, tapName(layer, t, kind)).data;
        expect(of('block1', 'input')).toEqual(of('stem', 'spikes'));
        const sum = of('stem', 'spikes').map((s, i) => s + at(of('block1', 'spikes'), i));
        expect(of('block2', 'input')).toEqual(sum);
        expect(Math.max(...sum)).toBe(2);
        expect(of('stem', 'input')).toEqual(outputOf(tapped, tapName('stem', 0, 'input')).data);
      }
    }
  });

  it('leave the LLRs of the shipped model as they are, bit for bit, and the file without taps lean', async () => {
    const file = new Uint8Array(readFileSync('models/spikingrx-qpsk-2rx/2/model.onnx'));
    const tapped = withTaps(file, TAP_KINDS);
    expect(summariseModel(file).outputs.map(({ name }) => name)).toEqual(['llr']);
    expect(summariseModel(tapped).outputs.length).toBe(1 + 7 * 2 * 4);
    expect(summariseModel(tapped).metadata).toEqual(summariseModel(file).metadata);
    const feeds = contractFeeds(drawSlots(1, 75));
    const [plain, withThem] = [await runModel(file, feeds), await runModel(tapped, feeds)];
    expect(outputOf(withThem, 'llr').data).toHaveSameBits(outputOf(plain, 'llr').data);
    expect(findTaps(readNodes(file)).get('block6')?.[1]).toEqual({
      input: 'block5/Add_3',
      drive: 'block6/Conv_2',
      membrane: 'block6/Add',
      spikes: 'block6/Spike_2',
    });
  });
});
