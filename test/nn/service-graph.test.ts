import { describe, expect, it } from 'vitest';
import type { SpikingRxConfig } from '#nn/config.js';
import {
  type GraphForm,
  type TrainedNetwork,
  buildInferenceGraph,
  encodeServiceModel,
} from '#nn/service-graph.js';
import { readModelContract } from '#onnx/contract.js';
import { summariseModel } from '#onnx/model-file.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { type Tensor, type Tensors, outputOf, runGraph } from '../support/run-graph.js';

/** LLRs, and the spikes of every layer and step by name. */
async function forward(network: TrainedNetwork, form: GraphForm, feeds: Tensors) {
  const { g, pass } = buildInferenceGraph(network, form);
  for (const [layer, steps] of pass.spikes)
    steps.forEach((step, t) => g.output(g.identity(step), `spikes/${layer}/${t}`));
  const outputs = await runGraph(g, feeds);
  const { llr: _, ...spikes } = outputs;
  const named = (name: string): Tensor => outputOf(outputs, name);
  return { llr: named('llr'), spikes, named };
}

function rateOf(spikes: Iterable<Tensor>): number {
  let [fired, neurons] = [0, 0];
  for (const { data } of spikes) {
    fired += data.reduce((sum, s) => sum + s, 0);
    neurons += data.length;
  }
  return fired / neurons;
}

const VARIANTS: { name: string; settings: Partial<SpikingRxConfig> }[] = [
  { name: 'per-step statistics', settings: { normStatistics: 'per-step' } },
  { name: 'shared statistics, convolutions over [T·B]', settings: { normStatistics: 'shared' } },
  { name: 'θ and drive away from 1', settings: { threshold: 0.6, driveGain: 7, beta: 0.8 } },
  { name: 'trained β', settings: { trainBeta: true, normStatistics: 'shared' } },
  { name: 'IAND', settings: { connection: 'iand' } },
  { name: 'a readout of spikes alone', settings: { featureSkip: false } },
  { name: 'AND and one step', settings: { connection: 'and', timeSteps: 1 } },
  { name: 'a filter out of the channel estimate', settings: { channelRefinement: true } },
];

function convolutions(normStatistics: 'per-step' | 'shared'): number {
  const network = trainedNetwork(networkConfig({ normStatistics }), 21);
  const { g } = buildInferenceGraph(network, 'service');
  return g.nodes.filter(({ op, name }) => op === 'Conv' && name.startsWith('block')).length;
}

describe('the service graph', () => {
  it.each(VARIANTS)(
    'gives the spikes and LLRs of the plain step-by-step graph: $name',
    async ({ settings }) => {
      const config = networkConfig(settings);
      const network = trainedNetwork(config, 34);
      const feeds = contractFeeds(drawSlots(2, 22, { nPrb: 1 }));
      const plain = await forward(network, 'plain', feeds);
      const service = await forward(network, 'service', feeds);
      const layers = ['stem', ...config.dilations.map((_, i) => `block${i + 1}`)];
      const names = layers.flatMap((layer) =>
        Array.from({ length: config.timeSteps }, (_, t) => `spikes/${layer}/${t}`),
      );
      expect(Object.keys(plain.spikes)).toEqual(names);
      // Not one neuron may differ. With this seed no potential comes closer to its threshold than 3e-4, a
      // thousand times what float32 rounds, so the comparison holds on any processor.
      for (const name of names) expect(service.named(name).data).toHaveSameBits(plain.named(name).data, name);
      expect(service.llr.data).toBeAllClose(plain.llr.data, { absolute: 1e-4, what: 'LLRs' });
      const rate = rateOf(Object.values(plain.spikes));
      expect(rate).toBeGreaterThan(0.03);
      expect(rate).toBeLessThan(0.7);
    },
  );

  it('gives the activations and LLRs of the plain graph for the analog peer', async () => {
    const network = trainedNetwork(networkConfig({ activation: 'relu', timeSteps: 1 }), 34);
    const feeds = contractFeeds(drawSlots(2, 22, { nPrb: 1 }));
    const plain = await forward(network, 'plain', feeds);
    const service = await forward(network, 'service', feeds);
    for (const layer of ['stem', 'block1', 'block2']) {
      const outputs = plain.named(`spikes/${layer}/0`).data;
      expect(service.named(`spikes/${layer}/0`).data).toBeAllClose(outputs, { absolute: 1e-4, what: layer });
      expect(outputs.some((x) => x !== 0 && x !== 1)).toBe(true);
      expect(outputs.every((x) => x >= 0)).toBe(true);
    }
    expect(service.llr.data).toBeAllClose(plain.llr.data, { absolute: 1e-3, what: 'LLRs' });
  });

  it('would be caught ignoring the statistics of a step', async () => {
    const network = trainedNetwork(networkConfig(), 34);
    const feeds = contractFeeds(drawSlots(2, 22, { nPrb: 1 }));
    const statistics = new Map(network.statistics);
    statistics.set('block1.norm.mean.1', network.statistics.get('block1.norm.mean.0') ?? new Float32Array(6));
    const plain = await forward(network, 'plain', feeds);
    const wrong = await forward({ ...network, statistics }, 'service', feeds);
    expect(wrong.named('spikes/block1/0').data).toEqual(plain.named('spikes/block1/0').data);
    expect(wrong.named('spikes/block1/1').data).not.toEqual(plain.named('spikes/block1/1').data);
    expect(wrong.llr.data).not.toBeAllClose(plain.llr.data, { absolute: 1e-4 });
  });

  it('runs shared weights as one convolution for all steps, and others step by step', () => {
    expect(convolutions('shared')).toBe(2);
    expect(convolutions('per-step')).toBe(2 * 3);
  });

  it('is written with the names, the dynamic sizes and the metadata of the contract', () => {
    const config = networkConfig({ modulation: '16QAM', nRx: 4, trainBeta: true });
    const training = { steps: 12, seed: 3 };
    const bytes = encodeServiceModel(trainedNetwork(config, 1), { name: 'rx', version: '7', training });
    const summary = summariseModel(bytes);
    expect(summary.opset).toBeGreaterThanOrEqual(18);
    expect(summary.inputs).toEqual([
      { name: 'rx_grid', elemType: 1, shape: ['batch', 8, 'symbols', 'subcarriers'], isRanked: true },
      { name: 'dmrs', elemType: 1, shape: ['batch', 2, 'symbols', 'subcarriers'], isRanked: true },
    ]);
    expect(summary.outputs).toEqual([
      { name: 'llr', elemType: 1, shape: ['batch', 4, 'symbols', 'subcarriers'], isRanked: true },
    ]);
    const contract = readModelContract(bytes);
    expect(contract).toMatchObject({ nRx: 4, bitsPerSymbol: 4, nSym: undefined, nSc: undefined });
    expect(contract.config).toMatchObject({
      name: 'rx',
      version: '7',
      modulation: '16QAM',
      nRx: 4,
      timeSteps: 3,
      beta: 0.9,
      threshold: 1,
      precision: 'float32',
      llr: 'ln P(b=0)/P(b=1)',
      training,
    });
  });
});
