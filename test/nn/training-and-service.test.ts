import { describe, expect, it } from 'vitest';
import type { SpikingRxConfig } from '#nn/config.js';
import { type Moments, initializerSource } from '#nn/context.js';
import { type TrainedNetwork, buildInferenceGraph } from '#nn/service-graph.js';
import {
  type ForwardPass,
  contractInputs,
  parameterSpecs,
  runningStatisticSpecs,
  scaledLayers,
  spikingRx,
} from '#nn/spikingrx.js';
import { GraphBuilder } from '#onnx/builder.js';
import { momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { type Tensors, outputOf, runGraph } from '../support/run-graph.js';

const FEEDS = contractFeeds(drawSlots(3, 51, { nPrb: 1 }));

function outputSpikes(g: GraphBuilder, { spikes }: ForwardPass): void {
  for (const [layer, steps] of spikes) g.output(g.concat(steps, 0), `spikes/${layer}`);
}

/** The forward pass of a training step: scaled layers, statistics of this batch, which come out as well. */
async function trainingPass({ config, weights }: TrainedNetwork): Promise<Tensors> {
  const g = new GraphBuilder('training');
  const parameter = initializerSource(g, parameterSpecs(config), weights);
  const observe = (layer: string, step: number, { mean, variance }: Moments): void => {
    g.output(mean, `${layer}.mean.${step}`);
    g.output(variance, `${layer}.variance.${step}`);
  };
  const context = { g, parameter, normalisation: { kind: 'batch', observe } } as const;
  const layers = scaledLayers(context, config);
  const pass = spikingRx({ g, parameter, layers }, config, contractInputs(g, config.nRx, [3, 14, 12]));
  outputSpikes(g, pass);
  g.output(pass.llr, 'llr');
  return runGraph(g, FEEDS);
}

async function servicePass(network: TrainedNetwork): Promise<Tensors> {
  const { g, pass } = buildInferenceGraph(network, 'service');
  outputSpikes(g, pass);
  return runGraph(g, FEEDS);
}

describe('training and service', () => {
  it.each<{ name: string; settings: Partial<SpikingRxConfig> }>([
    { name: 'defaults', settings: {} },
    { name: 'a filter out of the channel estimate', settings: { channelRefinement: true } },
    { name: 'θ = 0.5, trained β, four steps', settings: { threshold: 0.5, trainBeta: true, timeSteps: 4 } },
  ])(
    'agree on every spike when service is frozen at the statistics of the batch: $name',
    async ({ settings }) => {
      const config = networkConfig({ channels: 4, ...settings });
      const network = trainedNetwork(config, 52);
      const training = await trainingPass(network);
      const statistics = new Map(
        runningStatisticSpecs(config).map(({ name }) => [name, outputOf(training, name).data]),
      );
      const service = await servicePass({ ...network, statistics });
      for (const layer of ['stem', 'block1', 'block2']) {
        const spikes = outputOf(training, `spikes/${layer}`).data;
        expect(outputOf(service, `spikes/${layer}`).data).toHaveSameBits(spikes, layer);
        expect(momentsOf(spikes).mean).toBeGreaterThan(0.01);
      }
      expect(outputOf(service, 'llr').data).toBeAllClose(outputOf(training, 'llr').data, { absolute: 1e-4 });
    },
  );
});
