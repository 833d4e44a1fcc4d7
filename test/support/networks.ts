import { Value } from 'typebox/value';
import { type SpikingRxConfig, SpikingRxConfigSchema } from '#nn/config.js';
import { type TensorSpec, type Weights, initialise } from '#nn/parameters.js';
import type { TrainedNetwork } from '#nn/service-graph.js';
import { parameterSpecs, runningStatisticSpecs } from '#nn/spikingrx.js';
import { Random } from '#phy/random.js';
import { type Slot, type SlotConfig, simulateSlot } from '#phy/slot.js';
import { slotConfig } from '../phy/helpers/slots.js';
import { at } from './matchers.js';
import { type Tensors, tensorOf } from './run-graph.js';

/** A small network in which every kind of layer occurs. */
export function networkConfig(settings: Partial<SpikingRxConfig> = {}): SpikingRxConfig {
  const small = {
    channels: 6,
    timeSteps: 3,
    dilations: [
      [1, 1],
      [2, 3],
    ],
    readoutWidth: 8,
    driveGain: 20,
  };
  return Value.Parse(SpikingRxConfigSchema, Value.Default(SpikingRxConfigSchema, { ...small, ...settings }));
}

/** A network as if trained: norms, biases, β and running statistics are all away from their starting values. */
export function trainedNetwork(config: SpikingRxConfig, seed: number): TrainedNetwork {
  const random = Random.fromSeed(seed);
  const specs = parameterSpecs(config);
  const weights = initialise(specs, random.fork('weights'));
  const perturb = random.fork('perturbation');
  const disturbed = (spec: TensorSpec, values: Float32Array): Float32Array => {
    if (spec.initialisation.kind !== 'constant') return values;
    return values.map((v) => v + 0.3 * perturb.normal());
  };
  const statistics = initialise(runningStatisticSpecs(config), random);
  return {
    config,
    weights: mapped(specs, weights, disturbed),
    statistics: mapped(runningStatisticSpecs(config), statistics, ({ name }, values) =>
      values.map(() => (name.includes('variance') ? 0.3 + 2 * perturb.uniform() : 0.5 * perturb.normal())),
    ),
  };
}

function mapped(
  specs: readonly TensorSpec[],
  weights: Weights,
  change: (spec: TensorSpec, values: Float32Array) => Float32Array,
): Map<string, Float32Array> {
  return new Map(specs.map((spec) => [spec.name, change(spec, weights.get(spec.name) as Float32Array)]));
}

/** Simulated slots of one shape. */
export function drawSlots(count: number, seed: number, change: Partial<SlotConfig> = {}): Slot[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, () => simulateSlot(slotConfig(change), random));
}

/** The slots as the model contract's two inputs. */
export function contractFeeds(slots: readonly Slot[]): Tensors {
  const { nRx, nSym, nSc } = at(slots, 0).shape;
  const join = (rows: readonly Float32Array[], planes: number) =>
    tensorOf(
      [rows.length, planes, nSym, nSc],
      rows.flatMap((row) => [...row]),
    );
  return {
    rx_grid: join(
      slots.map((slot) => slot.rxGrid),
      2 * nRx,
    ),
    dmrs: join(
      slots.map((slot) => slot.dmrs),
      2,
    ),
  };
}
