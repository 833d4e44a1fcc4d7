import { gradients } from '../grad/differentiate.js';
import { bitsPerSymbol, type SpikingRxConfig } from '../nn/config.js';
import type { Moments, Steps } from '../nn/context.js';
import type { TensorSpec } from '../nn/parameters.js';
import { totalSize } from '../nn/parameters.js';
import { statisticNames } from '../nn/spike-norm.js';
import {
  type ForwardPass,
  contractInputs,
  parameterSpecs,
  runningStatisticSpecs,
  scaledLayers,
  spikingLayers,
  spikingRx,
} from '../nn/spikingrx.js';
import { GraphBuilder } from '../onnx/builder.js';
import { encodeModel } from '../onnx/model-file.js';
import { elementCount } from '../onnx/shapes.js';
import type { Value } from '../onnx/types.js';
import { type AdamWOptions, adamW, clipByNorm } from './adamw.js';
import { type Targets, bceWithLogits, countBitErrors } from './loss.js';

/** Sizes of one training batch; the step graph is built for exactly these. */
export interface BatchShape {
  readonly batch: number;
  readonly nSym: number;
  readonly nSc: number;
}

export interface StepGraphOptions extends AdamWOptions {
  /** Share of the batch's moments in the running statistics after one step. */
  readonly statisticsMomentum: number;
}

/** Names of the step graph's inputs and outputs; state goes in under a name and comes out under `next_…`. */
export const STATE_NAMES = ['parameters', 'first_moment', 'second_moment', 'statistics'] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** Cuts a flat vector into its named tensors. */
function unpack(g: GraphBuilder, flat: Value, specs: readonly TensorSpec[]): (name: string) => Value {
  const parts = g.split(
    flat,
    0,
    specs.map(({ shape }) => elementCount(shape)),
  );
  const tensors = new Map(specs.map(({ name, shape }, i) => [name, g.reshape(parts[i] as Value, shape)]));
  return (name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`no tensor is called '${name}'`);
    return tensor;
  };
}

/** Collects the batch's moments; with shared statistics the mean over the steps. */
export class MomentCollector {
  readonly #observed = new Map<string, Moments[]>();

  readonly observe = (layer: string, step: number, moments: Moments): void => {
    const steps = this.#observed.get(layer) ?? [];
    steps[step] = moments;
    this.#observed.set(layer, steps);
  };

  /** The moments in the order of `runningStatisticSpecs`, flat. */
  flatten(g: GraphBuilder, config: SpikingRxConfig): Value {
    const values = new Map<string, Value>();
    for (const [layer, steps] of this.#observed) {
      const kept = config.normStatistics === 'shared' ? [averageMoments(g, steps)] : steps;
      kept.forEach(({ mean, variance }, step) => {
        const names = statisticNames(layer, step);
        values.set(names.mean, mean).set(names.variance, variance);
      });
    }
    const flat = runningStatisticSpecs(config).map(({ name, shape }) =>
      g.reshape(values.get(name) as Value, [elementCount(shape)]),
    );
    return g.concat(flat, 0);
  }
}

function averageMoments(g: GraphBuilder, steps: readonly Moments[]): Moments {
  const average = (values: readonly Value[]): Value =>
    g.mul(
      values.reduce((sum, value) => g.add(sum, value)),
      1 / values.length,
    );
  return { mean: average(steps.map((m) => m.mean)), variance: average(steps.map((m) => m.variance)) };
}

/** Mean firing rate of each spiking layer, of an ANN the share of ReLUs that are active, `[layers]`. */
function firingRates(g: GraphBuilder, { spikes }: ForwardPass, { activation }: SpikingRxConfig): Value {
  const fired = (x: Value): Value => (activation === 'lif' ? x : g.where(g.greaterOrEqual(0, x), 0, 1));
  const rate = (steps: Steps): Value => {
    const means = steps.map((s) => g.reshape(g.reduceMean(fired(s), [0, 1, 2, 3]), [1]));
    return g.mul(
      means.reduce((sum, mean) => g.add(sum, mean)),
      1 / steps.length,
    );
  };
  return g.concat([...spikes.values()].map(rate), 0);
}

function targetInputs(g: GraphBuilder, config: SpikingRxConfig, { batch, nSym, nSc }: BatchShape): Targets {
  return {
    signs: g.input('bit_signs', 'float32', [batch, bitsPerSymbol(config), nSym, nSc]),
    weights: g.input('re_weights', 'float32', [batch, 1, nSym, nSc]),
  };
}

function decayMaskOf(g: GraphBuilder, specs: readonly TensorSpec[]): Value {
  const mask = specs.flatMap(({ shape, decay }) =>
    Array.from({ length: elementCount(shape) }, () => Number(decay)),
  );
  return g.initializer('decay_mask', [mask.length], Float32Array.from(mask));
}

/**
 * A whole training step as one ONNX graph: forward pass with batch statistics, loss, backward pass, gradient
 * clipping, AdamW update and running statistics. Inputs: the state (`parameters`, `first_moment`,
 * `second_moment` `[P]`, `statistics` `[S]`), the batch (`rx_grid`, `dmrs`, `bit_signs`, `re_weights`) and the
 * scalars `learning_rate`, `correction1`, `correction2`. Outputs: `next_…` of the state, `loss`, `bit_errors`,
 * `gradient_norm` and `firing_rates` `[layers]`.
 */
export function buildStepGraph(
  config: SpikingRxConfig,
  shape: BatchShape,
  options: StepGraphOptions,
): Uint8Array {
  const g = new GraphBuilder('spikingrx_training_step');
  const specs = parameterSpecs(config);
  const stateSize = (name: StateName): number =>
    totalSize(name === 'statistics' ? runningStatisticSpecs(config) : specs);
  const [parameters, firstMoment, secondMoment, statistics] = STATE_NAMES.map((name) =>
    g.input(name, 'float32', [stateSize(name)]),
  ) as [Value, Value, Value, Value];
  const inputs = contractInputs(g, config.nRx, [shape.batch, shape.nSym, shape.nSc]);
  const targets = targetInputs(g, config, shape);
  const scalars = {
    learningRate: g.input('learning_rate', 'float32', []),
    correction1: g.input('correction1', 'float32', []),
    correction2: g.input('correction2', 'float32', []),
  };

  const parameter = unpack(g, parameters, specs);
  const collector = new MomentCollector();
  const context = { g, parameter, normalisation: { kind: 'batch', observe: collector.observe } } as const;
  const pass = spikingRx({ g, parameter, layers: scaledLayers(context, config) }, config, inputs);
  const loss = bceWithLogits(g, pass.llr, targets);
  const [raw] = gradients(g, loss, [parameters]) as [Value];
  const { clipped, norm } = clipByNorm(g, raw, options.clipNorm);
  const decayMask = decayMaskOf(g, specs);
  const next = adamW(
    g,
    { parameters, firstMoment, secondMoment },
    { gradient: clipped, decayMask, scalars },
    options,
  );
  const momentum = options.statisticsMomentum;
  const batchStatistics = collector.flatten(g, config);

  g.output(next.parameters, 'next_parameters');
  g.output(next.firstMoment, 'next_first_moment');
  g.output(next.secondMoment, 'next_second_moment');
  g.output(g.add(g.mul(statistics, 1 - momentum), g.mul(batchStatistics, momentum)), 'next_statistics');
  g.output(loss, 'loss');
  g.output(countBitErrors(g, pass.llr, targets), 'bit_errors');
  g.output(norm, 'gradient_norm');
  g.output(firingRates(g, pass, config), 'firing_rates');
  return encodeModel(g);
}

/** Names of the layers in the order of `firing_rates`. */
export function firingLayerNames(config: SpikingRxConfig): readonly string[] {
  return spikingLayers(config).map(({ name }) => name);
}
