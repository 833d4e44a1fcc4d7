import { type TrainConfig, parseTrainConfig } from '#train/config.js';

/** A run of seconds: one PRB, one antenna, a network of one block. */
export function tinyTraining(
  change: {
    readonly network?: object;
    readonly data?: object;
    readonly optimiser?: object;
    readonly seed?: number;
  } = {},
): TrainConfig {
  return parseTrainConfig({
    name: 'tiny',
    version: '1',
    seed: change.seed ?? 3,
    network: {
      nRx: 1,
      channels: 4,
      dilations: [[1, 2]],
      readoutWidth: 8,
      frequencyHalfWidths: [6],
      ...change.network,
    },
    data: { nPrb: [1], snrDb: [8, 8], dopplerHz: [0, 50], delaySpreadNanoseconds: [10, 50], ...change.data },
    optimiser: { steps: 60, batch: 4, learningRate: 0.01, warmupSteps: 5, ...change.optimiser },
  });
}
