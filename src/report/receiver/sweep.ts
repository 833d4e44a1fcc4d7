/** What β and θ do to a trained network: its own weights at other values of both. */
import { createSession, type RuntimeTensor } from '../../engine/session.js';
import { resultOf } from '../../evaluate/point.js';
import { emptyTally, tallySlot } from '../../evaluate/tally.js';
import type { Modulation } from '../../nr/qam.js';
import { readNodes } from '../../onnx/model-nodes.js';
import {
  driveScaleOf,
  NEURON_INPUTS,
  type NeuronSettings,
  withNeuronInputs,
} from '../../onnx/neuron-inputs.js';
import { withTaps } from '../../onnx/taps.js';
import type { Slot } from '../../phy/slot.js';
import { meanOf, runSlots, type SlotRun, tappedLayers } from './runs.js';

export interface SweepPoint extends NeuronSettings {
  /** Spikes per neuron and step, by layer. */
  readonly firingRates: ReadonlyMap<string, number>;
  /** Mean over the layers. */
  readonly firingRate: number;
  /** Bit per data RE; may be negative. */
  readonly gmi: number;
  readonly bitErrorRate: number;
}

export interface Sweep {
  /** A model file as `export` writes it. */
  readonly bytes: Uint8Array;
  readonly modulation: Modulation;
  /** β and θ of the file. */
  readonly own: NeuronSettings;
  readonly betas: readonly number[];
  readonly thresholds: readonly number[];
  readonly slots: readonly Slot[];
}

/**
 * Runs the model at every pair of β and θ on the same slots.
 * @param onPoint is told how many are done
 * @returns θ by θ, and for each all β
 * @throws FAILED_PRECONDITION for a model without spiking layers
 */
export async function sweepNeurons(sweep: Sweep, onPoint: (done: number) => void): Promise<SweepPoint[]> {
  const { bytes, own, betas, thresholds, slots } = sweep;
  const layers = tappedLayers(readNodes(bytes));
  const session = await createSession(withNeuronInputs(withTaps(bytes, ['spikes'])));
  try {
    const points: SweepPoint[] = [];
    for (const threshold of thresholds)
      for (const beta of betas) {
        const settings = { beta, threshold };
        const run = await runSlots(session, layers, slots, neuronFeeds(settings, own));
        points.push({ ...settings, ...qualityOf(run, sweep) });
        onPoint(points.length);
      }
    return points;
  } finally {
    await session.release();
  }
}

function qualityOf({ firingRates, llrs }: SlotRun, { slots, modulation }: Sweep) {
  const tally = emptyTally();
  slots.forEach((slot, i) => tallySlot(tally, llrs[i] as Float32Array, { slot }));
  const { gmi, bitErrorRate } = resultOf('', tally, modulation);
  const means = new Map([...firingRates].map(([layer, rates]) => [layer, meanOf(rates)] as const));
  return { firingRates: means, firingRate: meanOf([...means.values()]), gmi, bitErrorRate };
}

function scalar(value: number): RuntimeTensor {
  return { type: 'float32', data: Float32Array.of(value), dims: [] };
}

function neuronFeeds(settings: NeuronSettings, own: NeuronSettings) {
  return {
    [NEURON_INPUTS.beta]: scalar(settings.beta),
    [NEURON_INPUTS.driveScale]: scalar(driveScaleOf(settings, own)),
  };
}
