/** What β and θ do to a trained network: its own weights at other values of both. */
import { createSession, type RuntimeTensor } from '../../engine/session.js';
import { batches, feedsOf, inCodewordOrder } from '../../evaluate/receivers.js';
import { resultOf } from '../../evaluate/point.js';
import { emptyTally, tallySlot } from '../../evaluate/tally.js';
import { bitsPerSymbol, type Modulation } from '../../nr/qam.js';
import { TENSOR_NAMES } from '../../onnx/contract.js';
import { readNodes } from '../../onnx/model-nodes.js';
import {
  driveScaleOf,
  NEURON_INPUTS,
  type NeuronSettings,
  withNeuronInputs,
} from '../../onnx/neuron-inputs.js';
import { findTaps, tapName, withTaps } from '../../onnx/taps.js';
import type { Slot } from '../../phy/slot.js';

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

type Run = (settings: NeuronSettings) => Promise<SweepPoint>;

/**
 * Runs the model at every pair of β and θ on the same slots.
 * @param onPoint is told how many are done
 * @returns θ by θ, and for each all β
 * @throws FAILED_PRECONDITION for a model without spiking layers
 */
export async function sweepNeurons(sweep: Sweep, onPoint: (done: number) => void): Promise<SweepPoint[]> {
  const layers = [...findTaps(readNodes(sweep.bytes))].map(([layer, steps]) => ({
    layer,
    taps: steps.map((_, step) => tapName(layer, step, 'spikes')),
  }));
  const session = await createSession(withNeuronInputs(withTaps(sweep.bytes, ['spikes'])));
  const run: Run = async (settings) => {
    const counts = layers.map(() => ({ spikes: 0, neurons: 0 }));
    const tally = emptyTally();
    for (const batch of batches(sweep.slots)) {
      const outputs = await session.run({ ...feedsOf(batch), ...neuronFeeds(settings, sweep.own) });
      layers.forEach(({ taps }, i) => {
        for (const tap of taps) count(counts[i] as Count, outputs[tap]?.data as Float32Array);
      });
      const planes = outputs[TENSOR_NAMES.llr]?.data as Float32Array;
      batch.forEach((slot, row) => {
        const size = bitsPerSymbol(slot.modulation) * slot.dataMask.length;
        const llrs = inCodewordOrder(planes.subarray(row * size, (row + 1) * size), slot);
        tallySlot(tally, llrs, { slot });
      });
    }
    const rates = counts.map(({ spikes, neurons }) => spikes / neurons);
    const { gmi, bitErrorRate } = resultOf('', tally, sweep.modulation);
    return {
      ...settings,
      firingRates: new Map(layers.map(({ layer }, i) => [layer, rates[i] as number])),
      firingRate: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
      gmi,
      bitErrorRate,
    };
  };
  try {
    const points: SweepPoint[] = [];
    for (const threshold of sweep.thresholds)
      for (const beta of sweep.betas) {
        points.push(await run({ beta, threshold }));
        onPoint(points.length);
      }
    return points;
  } finally {
    await session.release();
  }
}

interface Count {
  spikes: number;
  neurons: number;
}

function count(into: Count, spikes: Float32Array): void {
  into.spikes += spikes.reduce((sum, spike) => sum + spike, 0);
  into.neurons += spikes.length;
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
