import { describe, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import type { SpikingRxConfig } from '#nn/config.js';
import { type Moments, initializerSource } from '#nn/context.js';
import { flatten, unflatten } from '#nn/parameters.js';
import {
  contractInputs,
  parameterSpecs,
  plainLayers,
  runningStatisticSpecs,
  spikingRx,
} from '#nn/spikingrx.js';
import { GraphBuilder } from '#onnx/builder.js';
import { elementCount } from '#onnx/shapes.js';
import { Random } from '#phy/random.js';
import type { AdamWOptions } from '#train/adamw.js';
import { type Batch, drawBatch } from '#train/data.js';
import { bceWithLogits } from '#train/loss.js';
import { STATE_NAMES, buildStepGraph, firingLayerNames } from '#train/step-graph.js';
import { at, expect, momentsOf } from '../support/matchers.js';
import { trainedNetwork } from '../support/networks.js';
import { type Tensor, type Tensors, outputOf, runGraph, runModel, tensorOf } from '../support/run-graph.js';
import { tinyTraining } from '../support/training.js';
import { adamWReference } from './adamw-reference.js';

const OPTIONS: AdamWOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.05, clipNorm: 0.02 };
const MOMENTUM = 0.25;
const STEP = 4;
const RATE = 0.01;

function batchOf(config: SpikingRxConfig): Batch {
  const { modulation, nRx } = config;
  return drawBatch(tinyTraining().data, { modulation, nRx, batch: 3 }, Random.fromSeed('batch'));
}

function batchFeeds({ batch, nSym, nSc, rxGrid, dmrs, bitSigns, weights }: Batch): Record<string, Tensor> {
  const grid = (values: Float32Array): Tensor =>
    tensorOf([batch, values.length / (batch * nSym * nSc), nSym, nSc], values);
  return { rx_grid: grid(rxGrid), dmrs: grid(dmrs), bit_signs: grid(bitSigns), re_weights: grid(weights) };
}

/** A state in the middle of a run: moments, statistics and norms away from where they start. */
function stateOf(config: SpikingRxConfig): Record<(typeof STATE_NAMES)[number], Float32Array> {
  const { weights, statistics } = trainedNetwork(config, 41);
  const parameters = flatten(parameterSpecs(config), weights);
  const random = Random.fromSeed('state');
  return {
    parameters,
    first_moment: parameters.map(() => 1e-3 * random.normal()),
    second_moment: parameters.map(() => 1e-4 * (0.5 + random.uniform())),
    statistics: flatten(runningStatisticSpecs(config), statistics),
  };
}

const scalar = (value: number): Tensor => tensorOf([], [value]);

async function runStep(config: SpikingRxConfig): Promise<Tensors> {
  const batch = batchOf(config);
  const model = buildStepGraph(config, batch, { ...OPTIONS, statisticsMomentum: MOMENTUM });
  const state = Object.entries(stateOf(config)).map(([name, values]) => [
    name,
    tensorOf([values.length], values),
  ]);
  return runModel(model, {
    ...Object.fromEntries(state),
    ...batchFeeds(batch),
    learning_rate: scalar(RATE),
    correction1: scalar(1 / (1 - OPTIONS.beta1 ** (STEP + 1))),
    correction2: scalar(1 / (1 - OPTIONS.beta2 ** (STEP + 1))),
  });
}

/** The same batch through the plain layers: LLRs, spikes, gradient, and the moments that the norms saw. */
async function runPlain(config: SpikingRxConfig): Promise<Tensors> {
  const batch = batchOf(config);
  const g = new GraphBuilder('plain');
  const specs = parameterSpecs(config);
  const parameter = initializerSource(g, specs, unflatten(specs, stateOf(config).parameters));
  const observe = (layer: string, step: number, { mean, variance }: Moments): void => {
    g.output(mean, `${layer}.mean.${step}`);
    g.output(variance, `${layer}.variance.${step}`);
  };
  const context = { g, parameter, normalisation: { kind: 'batch', observe } } as const;
  const inputs = contractInputs(g, config.nRx, [batch.batch, batch.nSym, batch.nSc]);
  const pass = spikingRx({ g, parameter, layers: plainLayers(context, config) }, config, inputs);
  const feeds = batchFeeds(batch);
  const target = (name: string) => g.input(name, 'float32', outputOf(feeds, name).dims);
  const loss = bceWithLogits(g, pass.llr, { signs: target('bit_signs'), weights: target('re_weights') });
  const slopes = gradients(
    g,
    loss,
    specs.map(({ name }) => parameter(name)),
  );
  slopes.forEach((slope, i) => g.output(slope, `gradient/${at(specs, i).name}`));
  for (const [layer, steps] of pass.spikes) g.output(g.concat(steps, 0), `spikes/${layer}`);
  g.output(loss, 'loss');
  g.output(pass.llr, 'llr');
  return runGraph(g, feeds);
}

const { network } = tinyTraining({ network: { threshold: 0.8, trainBeta: true } });

describe('one training step as a graph', () => {
  it('tells the loss, the bit errors and the firing rates of the plain network', async () => {
    const [step, plain] = [await runStep(network), await runPlain(network)];
    const { bitSigns } = batchOf(network);
    const llr = outputOf(plain, 'llr').data;
    const errors = bitSigns.filter((sign, i) => sign !== 0 && at(llr, i) >= 0 !== sign > 0).length;
    expect(outputOf(step, 'bit_errors').data[0]).toBe(errors);
    expect(errors).toBeGreaterThan(0);
    expect(outputOf(step, 'loss').data).toBeAllClose(outputOf(plain, 'loss').data, { absolute: 1e-5 });
    const rates = firingLayerNames(network).map(
      (layer) => momentsOf(outputOf(plain, `spikes/${layer}`).data).mean,
    );
    expect(outputOf(step, 'firing_rates').data).toBeAllClose(rates, { absolute: 1e-6 });
    expect(Math.min(...rates)).toBeGreaterThan(0.01);
  });

  it('moves the state as clipping and AdamW on the plain network’s gradient do', async () => {
    const [step, plain] = [await runStep(network), await runPlain(network)];
    const specs = parameterSpecs(network);
    const gradient = specs.flatMap(({ name }) => [...outputOf(plain, `gradient/${name}`).data]);
    const norm = Math.hypot(...gradient);
    expect(outputOf(step, 'gradient_norm').data).toBeAllClose([norm], { absolute: 0, relative: 1e-4 });
    // Clipped, or the clipping would go untested.
    expect(norm).toBeGreaterThan(OPTIONS.clipNorm);
    const clipped = gradient.map((x) => (x * OPTIONS.clipNorm) / norm);
    const mask = specs.flatMap(({ shape, decay }) => Array<number>(elementCount(shape)).fill(decay ? 1 : 0));
    const state = stateOf(network);
    const expected = adamWReference(
      {
        parameters: [...state.parameters],
        firstMoment: [...state.first_moment],
        secondMoment: [...state.second_moment],
      },
      { gradient: clipped, mask, rate: RATE, step: STEP },
      OPTIONS,
    );
    // Updates are about rate·m/√v = 1e-3; the gradient's float32 rounding is 1e-4 of that.
    expect(outputOf(step, 'next_parameters').data).toBeAllClose(expected.parameters, {
      absolute: 2e-6,
      relative: 1e-6,
    });
    expect(outputOf(step, 'next_first_moment').data).toBeAllClose(expected.firstMoment, { absolute: 1e-7 });
    expect(outputOf(step, 'next_second_moment').data).toBeAllClose(expected.secondMoment, { absolute: 1e-8 });
    expect(expected.parameters).not.toBeAllClose(state.parameters, { absolute: 1e-4 });
  });

  it('tells the share of active ReLUs of an analog peer', async () => {
    const analog: SpikingRxConfig = { ...network, activation: 'relu', timeSteps: 1, trainBeta: false };
    const [step, plain] = [await runStep(analog), await runPlain(analog)];
    const shares = firingLayerNames(analog).map((layer) => {
      const { data } = outputOf(plain, `spikes/${layer}`);
      return data.filter((x) => x > 0).length / data.length;
    });
    expect(outputOf(step, 'firing_rates').data).toBeAllClose(shares, { absolute: 1e-6 });
    expect(Math.min(...shares)).toBeGreaterThan(0.01);
    expect(outputOf(step, 'loss').data).toBeAllClose(outputOf(plain, 'loss').data, { absolute: 1e-5 });
  });

  it('moves running statistics towards those of the batch, each step its own', async () => {
    const [step, plain] = [await runStep(network), await runPlain(network)];
    const specs = runningStatisticSpecs(network);
    const before = unflatten(specs, stateOf(network).statistics);
    const after = unflatten(specs, outputOf(step, 'next_statistics').data);
    for (const { name } of specs) {
      const observed = outputOf(plain, name).data;
      const expected = [...(before.get(name) ?? [])].map(
        (x, c) => (1 - MOMENTUM) * x + MOMENTUM * at(observed, c),
      );
      expect(after.get(name) ?? []).toBeAllClose(expected, { absolute: 1e-5, relative: 1e-5, what: name });
    }
  });

  it('keeps the mean over the steps where statistics are shared', async () => {
    const shared: SpikingRxConfig = { ...network, normStatistics: 'shared' };
    const [step, plain] = [await runStep(shared), await runPlain(shared)];
    const specs = runningStatisticSpecs(shared);
    const before = unflatten(specs, stateOf(shared).statistics);
    const after = unflatten(specs, outputOf(step, 'next_statistics').data);
    for (const kind of ['mean', 'variance']) {
      const name = `block1.norm.${kind}.0`;
      const [first, second] = [outputOf(plain, name).data, outputOf(plain, `block1.norm.${kind}.1`).data];
      expect(first).not.toBeAllClose(second, { absolute: 1e-3 });
      const expected = [...(before.get(name) ?? [])].map(
        (x, c) => (1 - MOMENTUM) * x + (MOMENTUM * (at(first, c) + at(second, c))) / 2,
      );
      expect(after.get(name) ?? []).toBeAllClose(expected, { absolute: 1e-5, relative: 1e-5, what: name });
    }
  });
});
