import { describe, expect, it } from 'vitest';
import { encodeServiceModel } from '#nn/service-graph.js';
import { runningStatisticSpecs } from '#nn/spikingrx.js';
import { tapName, withTaps } from '#onnx/taps.js';
import { initialCheckpoint, networkOf } from '#train/checkpoint.js';
import { untrainedNetwork } from '#train/untrained.js';
import { at, momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots } from '../support/networks.js';
import { outputOf, runModel } from '../support/run-graph.js';
import { tinyTraining } from '../support/training.js';

const SLOTS = drawSlots(3, 61, { nRx: 1, nPrb: 1 });

describe('a network before its first step', () => {
  it.each([{ normStatistics: 'per-step' }, { normStatistics: 'shared', timeSteps: 3 }] as const)(
    'has the parameters of its seed and statistics of the batch: %o',
    async (network) => {
      const config = tinyTraining({ network });
      const start = networkOf(initialCheckpoint(config));
      const untrained = await untrainedNetwork(config, SLOTS);
      expect(untrained.weights).toEqual(start.weights);
      const specs = runningStatisticSpecs(config.network);
      expect([...untrained.statistics.keys()]).toEqual(specs.map(({ name }) => name));
      expect(untrained.statistics).not.toEqual(start.statistics);
    },
  );

  it('gives its neurons currents of mean 0 and variance 1 on that batch: γ is 1 and the bias 0', async () => {
    const config = tinyTraining({ network: { timeSteps: 2 } });
    const { beta, threshold, driveGain, channels } = config.network;
    const bytes = encodeServiceModel(await untrainedNetwork(config, SLOTS), { name: 'x', version: '1' });
    const taps = await runModel(withTaps(bytes, ['drive']), contractFeeds(SLOTS));
    for (const layer of ['stem', 'block1'])
      for (const step of [0, 1]) {
        const { data, dims } = outputOf(taps, tapName(layer, step, 'drive'));
        expect(dims).toEqual([3, channels, 14, 12]);
        const currents = data.map((drive) => (drive * threshold) / ((1 - beta) * driveGain));
        const { mean, std } = momentsOf(currents);
        // Per channel mean 0 and variance v/(v + 1e-5): v is 0.01 or more.
        expect(mean).toBeCloseTo(0, 4);
        expect(std).toBeCloseTo(1, 2);
        expect(at(currents, 0)).not.toBe(0);
      }
  });
});
