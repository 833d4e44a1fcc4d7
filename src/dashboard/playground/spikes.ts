/** What the service tells of the spikes inside its model, as the views draw it. */
import type { SpikeLayer, SpikesAnswer } from '../../wire/spikes.js';

export interface LayerSpikes {
  readonly name: string;
  readonly channels: number;
  /** `[T][C]` share of the REs at which a channel fired. */
  readonly rates: readonly (readonly number[])[];
  /** By step, `[nSym, nSc]`: share of the channels that fired, 0 … 1. */
  readonly maps: readonly Float32Array<ArrayBuffer>[];
}

export interface SlotSpikes {
  readonly timeSteps: number;
  readonly nSym: number;
  readonly nSc: number;
  readonly layers: readonly LayerSpikes[];
}

export function spikesOf({
  timeSteps,
  nSym,
  nSc,
  layers,
}: Pick<SpikesAnswer, 'timeSteps' | 'nSym' | 'nSc' | 'layers'>): SlotSpikes {
  return { timeSteps, nSym, nSc, layers: layers.map((layer) => layerOf(layer, timeSteps, nSym * nSc)) };
}

function layerOf(
  { name, channels, rates, counts }: SpikeLayer,
  timeSteps: number,
  plane: number,
): LayerSpikes {
  const bytes = Uint8Array.from(atob(counts), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const maps = Array.from({ length: timeSteps }, (_, step) =>
    Float32Array.from({ length: plane }, (_value, re) => {
      const at = 2 * (step * plane + re);
      return view.getUint16(at, true) / channels;
    }),
  );
  return { name, channels, rates, maps };
}

/** Mean firing rate of the layer in each step. */
export function stepRates({ rates }: LayerSpikes): number[] {
  return rates.map((channels) => channels.reduce((sum, rate) => sum + rate, 0) / channels.length);
}
