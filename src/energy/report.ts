/** From counts to the figures of a slot: firing rates, operations, energy, and the ANN's beside. */
import { energyOf, type Operations, PICOJOULES } from './cost.js';
import { type GridSize, multiplyAccumulates } from './geometry.js';
import type { ElementwiseNodes, NetworkLayer } from './network.js';
import type { ActivityTally, StepTally } from './tally.js';

/** A spiking layer at one time step, means over the slots. */
export interface StepReport {
  /** From 1. */
  readonly step: number;
  /** Spikes per neuron, 0 to 1. */
  readonly firingRate: number;
  /** What the convolution sees; absent at the stem, which sees features. */
  readonly input?: {
    /** Spikes per element. */
    readonly mean: number;
    /** Share of the elements that are not 0. */
    readonly nonzeroShare: number;
    readonly largest: number;
    /** Synaptic operations a slot. */
    readonly accumulates: number;
  };
}

/** Operations a slot, means over the slots. */
export interface LayerReport extends Operations {
  readonly name: string;
  readonly energyPj: number;
  /** The same layer of the ANN: each convolution once, on analog values. */
  readonly annMultiplyAccumulates: number;
  readonly annEnergyPj: number;
  /** If the convolution of an input that stays the same were computed at every step. */
  readonly everyStepMultiplyAccumulates: number;
  /** Of the neurons and SEW connections; not in the energy. */
  readonly elementwise: ElementwiseNodes;
  /** Empty in a layer without spikes. */
  readonly steps: readonly StepReport[];
}

export interface EnergyTotals extends Operations {
  readonly energyPj: number;
  /** pJ per resource element of the grid, those with DMRS included. */
  readonly energyPerRePj: number;
  readonly annMultiplyAccumulates: number;
  readonly annEnergyPj: number;
  /** The ANN's energy over this network's. */
  readonly annRatio: number;
  /** The same ratio if the stem's convolution were computed at every step. */
  readonly everyStepAnnRatio: number;
  /** The same ratio over the layers alone whose convolutions see spikes; null without any. */
  readonly blocksAnnRatio: number | null;
  /** Spikes per neuron and step over all spiking layers; null without any. */
  readonly firingRate: number | null;
  readonly elementwise: ElementwiseNodes;
  /** If an addition or comparison costs an accumulate, and a multiplication what it takes. Not in `energyPj`. */
  readonly elementwiseEnergyPj: number;
}

export interface EnergyPoint {
  /** Signal energy per RE and antenna over N0; null for all SNRs together. */
  readonly snrDb: number | null;
  readonly slots: number;
  readonly totals: EnergyTotals;
  readonly layers: readonly LayerReport[];
}

function stepReport({ spikes, neurons, input }: StepTally, step: number, slots: number): StepReport {
  return {
    step: step + 1,
    firingRate: spikes / neurons,
    ...(input.elements > 0 && {
      input: {
        mean: input.spikes / input.elements,
        nonzeroShare: input.nonzero / input.elements,
        largest: input.largest,
        accumulates: input.accumulates / slots,
      },
    }),
  };
}

function layerReport(layer: NetworkLayer, grid: GridSize, { layers, slots }: ActivityTally): LayerReport {
  const steps = (layers.get(layer.name) ?? []).map((tally, t) => stepReport(tally, t, slots));
  const analog = layer.analog.map(({ shape, pairs, passes }) => {
    const once = multiplyAccumulates(shape, grid, pairs);
    // In a spiking layer an analog input is the stem's.
    return { once, done: once * passes, everyStep: once * Math.max(passes, layer.steps.length) };
  });
  const total = (key: 'once' | 'done' | 'everyStep'): number =>
    analog.reduce((sum, one) => sum + one[key], 0);
  const operations = {
    multiplyAccumulates: total('done'),
    accumulates: steps.reduce((sum, { input }) => sum + (input?.accumulates ?? 0), 0),
  };
  const ann = total('once') + (layer.spiking ? multiplyAccumulates(layer.spiking, grid) : 0);
  const neurons = layer.channels * grid.nSym * grid.nSc;
  const { multiplications, additions, comparisons } = layer.elementwise;
  return {
    name: layer.name,
    ...operations,
    energyPj: energyOf(operations),
    annMultiplyAccumulates: ann,
    annEnergyPj: energyOf({ multiplyAccumulates: ann, accumulates: 0 }),
    everyStepMultiplyAccumulates: total('everyStep'),
    elementwise: {
      multiplications: multiplications * neurons,
      additions: additions * neurons,
      comparisons: comparisons * neurons,
    },
    steps,
  };
}

function totalsOf(layers: readonly LayerReport[], grid: GridSize): EnergyTotals {
  const sum = (of: (layer: LayerReport) => number): number =>
    layers.reduce((total, layer) => total + of(layer), 0);
  const operations = {
    multiplyAccumulates: sum((layer) => layer.multiplyAccumulates),
    accumulates: sum((layer) => layer.accumulates),
  };
  const everyStep = { ...operations, multiplyAccumulates: sum((l) => l.everyStepMultiplyAccumulates) };
  const energyPj = energyOf(operations);
  const annEnergyPj = sum((layer) => layer.annEnergyPj);
  // Spiking layers of one network have the same number of neurons.
  const rates = layers.flatMap(({ steps }) => steps.map(({ firingRate }) => firingRate));
  const blocks = layers.filter(({ steps }) => steps.some(({ input }) => input !== undefined));
  const blocksPj = blocks.reduce((total, layer) => total + layer.energyPj, 0);
  const blocksAnnPj = blocks.reduce((total, layer) => total + layer.annEnergyPj, 0);
  const elementwise = {
    multiplications: sum((layer) => layer.elementwise.multiplications),
    additions: sum((layer) => layer.elementwise.additions),
    comparisons: sum((layer) => layer.elementwise.comparisons),
  };
  return {
    ...operations,
    energyPj,
    energyPerRePj: energyPj / (grid.nSym * grid.nSc),
    annMultiplyAccumulates: sum((layer) => layer.annMultiplyAccumulates),
    annEnergyPj,
    annRatio: annEnergyPj / energyPj,
    everyStepAnnRatio: annEnergyPj / energyOf(everyStep),
    blocksAnnRatio: blocks.length > 0 ? blocksAnnPj / blocksPj : null,
    firingRate: rates.length > 0 ? rates.reduce((total, rate) => total + rate, 0) / rates.length : null,
    elementwise,
    elementwiseEnergyPj:
      elementwise.multiplications * PICOJOULES.multiplication +
      (elementwise.additions + elementwise.comparisons) * PICOJOULES.accumulate,
  };
}

/** The figures of one SNR, or of all of them together (`snrDb` null). */
export function energyPoint(
  snrDb: number | null,
  layers: readonly NetworkLayer[],
  grid: GridSize,
  tally: ActivityTally,
): EnergyPoint {
  const reports = layers.map((layer) => layerReport(layer, grid, tally));
  return { snrDb, slots: tally.slots, totals: totalsOf(reports, grid), layers: reports };
}

/** One model on the same slots as the others. */
export interface ModelEnergy {
  readonly name: string;
  /** Name and version in the file, or its path. */
  readonly title: string;
  readonly sha256: string;
  /** `ann`: without spiking layers; it counts by its own multiply-accumulates. */
  readonly kind: 'spiking' | 'ann';
  /** T; 1 in an ANN. */
  readonly timeSteps: number;
  readonly parts: readonly EnergyPoint[];
  /** All SNRs together. */
  readonly pooled: EnergyPoint;
  /** SNR at 10 % BLER by case, of the evaluation beside; null where the curve does not cross it. */
  readonly requiredSnrDb: Readonly<Record<string, number | null>>;
}

export interface EnergyReport {
  /** What was sent, in words. */
  readonly caption: string;
  readonly grid: GridSize;
  readonly picojoules: typeof PICOJOULES;
  readonly models: readonly ModelEnergy[];
}
