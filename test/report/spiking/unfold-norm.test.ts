import { describe, it } from 'vitest';
import { samePadding } from '#nn/conv-block.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { NORM_EPSILON } from '#nn/spike-norm.js';
import { spikingLayers, statisticSteps } from '#nn/spikingrx.js';
import { tapName, withTaps } from '#onnx/taps.js';
import { unfoldNorm } from '#report/spiking/unfold-norm.js';
import { convolve } from '../../support/conv-reference.js';
import { at, expect } from '../../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../../support/networks.js';
import { outputOf, runModel, tensorOf } from '../../support/run-graph.js';

describe('unfolding SpikeNorm', () => {
  it.each([
    { timeSteps: 2, normStatistics: 'per-step' as const },
    { timeSteps: 2, normStatistics: 'shared' as const, threshold: 0.6, trainBeta: true },
  ])('gives what the convolution gave and what the norm made of it: %o', async (settings) => {
    const network = trainedNetwork(networkConfig(settings), 81);
    const { config, weights, statistics } = network;
    const model = encodeServiceModel(network, { name: 'folded', version: '1' });
    const tapped = await runModel(
      withTaps(model, ['input', 'drive']),
      contractFeeds(drawSlots(1, 82, { nPrb: 1 })),
    );
    for (const layer of spikingLayers(config))
      for (let t = 0; t < config.timeSteps; t++) {
        const of = (name: string): Float32Array => weights.get(`${layer.name}.${name}`) as Float32Array;
        const convolved = convolve(
          outputOf(tapped, tapName(layer.name, t, 'input')),
          tensorOf([layer.outChannels, layer.inChannels, 3, 3], of('conv.weight')),
          tensorOf([layer.outChannels], of('conv.bias')),
          samePadding(layer.dilation),
        );
        const step = statisticSteps(config, layer) === 1 ? 0 : t;
        const [mean, variance] = ['mean', 'variance'].map(
          (name) => statistics.get(`${layer.name}.norm.${name}.${step}`) as Float32Array,
        ) as [Float32Array, Float32Array];
        const plane = convolved.data.length / layer.outChannels;
        const normed = convolved.data.map((x, i) => {
          const c = Math.floor(i / plane);
          const whitened = (x - at(mean, c)) / Math.sqrt(at(variance, c) + NORM_EPSILON);
          return at(of('norm.gamma'), c) * whitened + at(of('norm.bias'), c);
        });
        const drive = outputOf(tapped, tapName(layer.name, t, 'drive')).data;
        const { before, after } = unfoldNorm(network, layer, { drive, step: t });
        // float32 rounding of sums over 54 and 117 products, and of the way there and back.
        expect(after).toBeAllClose(normed, { absolute: 2e-5, relative: 1e-5 });
        expect(before).toBeAllClose(convolved.data, { absolute: 2e-4, relative: 1e-4 });
      }
  });

  it('says that nothing is left of a channel with γ = 0', () => {
    const network = trainedNetwork(networkConfig({ channels: 2, timeSteps: 1 }), 83);
    network.weights.get('stem.norm.gamma')?.set([0, 1]);
    const [stem] = spikingLayers(network.config);
    const { before } = unfoldNorm(network, stem as NonNullable<typeof stem>, {
      drive: Float32Array.of(0.1, 0.1),
      step: 0,
    });
    expect([...before].map(Number.isNaN)).toEqual([true, false]);
  });
});
