/** A tapped model on many slots: how often its layers fire, and its LLRs. */
import type { Feeds, Session } from '../../engine/session.js';
import { batches, feedsOf, inCodewordOrder } from '../../evaluate/receivers.js';
import { TENSOR_NAMES } from '../../onnx/contract.js';
import type { ModelNodes } from '../../onnx/model-nodes.js';
import { findTaps, tapName } from '../../onnx/taps.js';
import type { Slot } from '../../phy/slot.js';

/** A spiking layer, and the outputs of a model `withTaps` that have its spikes, for each step. */
export interface TappedLayer {
  readonly layer: string;
  readonly taps: readonly string[];
}

export interface SlotRun {
  /** Spikes per neuron by layer, for each step. */
  readonly firingRates: ReadonlyMap<string, readonly number[]>;
  /** `[G]` for each slot, in codeword order. */
  readonly llrs: readonly Float32Array[];
}

export function tappedLayers(model: ModelNodes): TappedLayer[] {
  return [...findTaps(model)].map(([layer, steps]) => ({
    layer,
    taps: steps.map((_, step) => tapName(layer, step, 'spikes')),
  }));
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * @param session of a model `withTaps` of kind `spikes`
 * @param slots of one shape
 * @param more feeds beside those of the contract
 */
export async function runSlots(
  session: Session,
  layers: readonly TappedLayer[],
  slots: readonly Slot[],
  more: Feeds = {},
): Promise<SlotRun> {
  const counts = new Map(layers.flatMap(({ taps }) => taps).map((tap) => [tap, { spikes: 0, neurons: 0 }]));
  const llrs: Float32Array[] = [];
  for (const batch of batches(slots)) {
    const outputs = await session.run({ ...feedsOf(batch), ...more });
    for (const [tap, count] of counts) {
      const spikes = outputs[tap]?.data as Float32Array;
      count.spikes += spikes.reduce((sum, spike) => sum + spike, 0);
      count.neurons += spikes.length;
    }
    const planes = outputs[TENSOR_NAMES.llr]?.data as Float32Array;
    const size = planes.length / batch.length;
    batch.forEach((slot, row) =>
      llrs.push(inCodewordOrder(planes.subarray(row * size, (row + 1) * size), slot)),
    );
  }
  const rateOf = (tap: string): number => {
    const { spikes, neurons } = counts.get(tap) ?? { spikes: 0, neurons: 1 };
    return spikes / neurons;
  };
  return { firingRates: new Map(layers.map(({ layer, taps }) => [layer, taps.map(rateOf)])), llrs };
}
