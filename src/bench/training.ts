import { createSession, type RuntimeTensor } from '../engine/session.js';
import type { SpikingRxConfig } from '../nn/config.js';
import { bitsPerSymbol } from '../nn/config.js';
import { featureCount } from '../nn/features.js';
import { flatten, initialise } from '../nn/parameters.js';
import { parameterSpecs, runningStatisticSpecs, spikingLayers } from '../nn/spikingrx.js';
import { Random } from '../phy/random.js';
import { parseTrainConfig } from '../train/config.js';
import { drawBatch } from '../train/data.js';
import { type BatchShape, buildStepGraph } from '../train/step-graph.js';
import type { BenchOptions } from './options.js';
import { median } from './statistics.js';

export interface TrainingFigures {
  readonly batch: number;
  readonly shape: string;
  readonly threads: number;
  readonly stepMs: number;
  /** Of the convolutions, forward and backward, see {@link convolutionFlops}. */
  readonly gflopPerStep: number;
  readonly gflopsPerSecond: number;
}

/**
 * Floating-point operations of the trained convolutions in one training step, 2 for each multiply-accumulate:
 * forward, ∂weight, and ∂input where something trainable lies before. Norms, LIF, loss and optimiser are left
 * out, so the rate that follows is a lower bound.
 */
export function convolutionFlops(config: SpikingRxConfig, { batch, nSym, nSc }: BatchShape): number {
  const elements = batch * nSym * nSc;
  const spiking = spikingLayers(config).map(({ inChannels, outChannels, constantInput }) => {
    const macs = 9 * inChannels * outChannels * elements;
    // The stem's convolution runs once for all steps, and no gradient goes past it.
    return constantInput ? 2 * macs : 3 * config.timeSteps * macs;
  });
  const { channels, readoutWidth } = config;
  const readout =
    3 * elements * ((channels + featureCount(config)) * readoutWidth + readoutWidth * bitsPerSymbol(config));
  return 2 * (spiking.reduce((sum, macs) => sum + macs, 0) + readout);
}

function tensor(data: Float32Array, dims: readonly number[] = [data.length]): RuntimeTensor {
  return { type: 'float32', data, dims };
}

/** Time of the training step of the default network, after one step of warm-up. */
export async function measureTrainingStep(options: BenchOptions): Promise<TrainingFigures> {
  options.onProgress('training step');
  const { network, data, optimiser } = parseTrainConfig({ name: 'bench', version: '1' });
  const random = Random.fromSeed(options.seed).fork('training');
  const batch = drawBatch(data, { ...network, batch: options.trainingBatch }, random);
  const session = await createSession(buildStepGraph(network, batch, optimiser), {
    intraOpThreads: options.workers,
  });
  const feeds = stepFeeds(network, batch, random);
  const times: number[] = [];
  for (let step = 0; step <= options.trainingSteps; step++) {
    const start = performance.now();
    await session.run(feeds);
    if (step > 0) times.push(performance.now() - start);
  }
  await session.release();
  const stepMs = median(times);
  const flops = convolutionFlops(network, batch);
  return {
    batch: batch.batch,
    shape: `${batch.nSym}x${batch.nSc}`,
    threads: options.workers,
    stepMs,
    gflopPerStep: flops / 1e9,
    gflopsPerSecond: flops / (1e6 * stepMs),
  };
}

function stepFeeds(
  network: SpikingRxConfig,
  batch: ReturnType<typeof drawBatch>,
  random: Random,
): Record<string, RuntimeTensor> {
  const specs = parameterSpecs(network);
  const statistics = runningStatisticSpecs(network);
  const parameters = flatten(specs, initialise(specs, random));
  const grid = (data: Float32Array, planes: number): RuntimeTensor =>
    tensor(data, [batch.batch, planes, batch.nSym, batch.nSc]);
  return {
    parameters: tensor(parameters),
    first_moment: tensor(new Float32Array(parameters.length)),
    second_moment: tensor(new Float32Array(parameters.length)),
    statistics: tensor(flatten(statistics, initialise(statistics, random))),
    rx_grid: grid(batch.rxGrid, 2 * network.nRx),
    dmrs: grid(batch.dmrs, 2),
    bit_signs: grid(batch.bitSigns, bitsPerSymbol(network)),
    re_weights: grid(batch.weights, 1),
    learning_rate: tensor(Float32Array.of(1e-3), []),
    correction1: tensor(Float32Array.of(1), []),
    correction2: tensor(Float32Array.of(1), []),
  };
}
