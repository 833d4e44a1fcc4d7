import type { SpikeKind, SpikesAnswer } from '../wire/spikes.js';
import type { ComputeOptions, GridLlr } from './types.js';

export interface SpikesOptions extends Omit<ComputeOptions, 'priority'> {
  /** All when left out. */
  readonly layers?: readonly string[];
  /** What to show for every neuron and step, beside rates and counts. */
  readonly kinds?: readonly SpikeKind[];
}

/** One spiking layer of C channels over T steps, row-major. */
export interface LayerSpikes {
  readonly name: string;
  readonly channels: number;
  /** `[T][C]`: share of the resource elements at which the channel fired. */
  readonly rates: readonly (readonly number[])[];
  /** `[T, nSym, nSc]`: channels that fired. */
  readonly counts: Uint16Array<ArrayBuffer>;
  /** With kind `spikes`: `[T, C, nSym, nSc]`, 0 or 1. */
  readonly spikes?: Uint8Array<ArrayBuffer>;
  /** With kind `membrane`: `[T, C, nSym, nSc]`, the potential before the reset, in thresholds. */
  readonly membrane?: Float32Array<ArrayBuffer>;
}

/** What happened inside the spiking layers while the LLRs of a grid were computed. */
export interface GridSpikes extends Pick<GridLlr, 'id' | 'model' | 'version' | 'llr' | 'provenance'> {
  readonly timeSteps: number;
  readonly nSym: number;
  readonly nSc: number;
  /** In the order of the network. */
  readonly layers: readonly LayerSpikes[];
  /** Milliseconds. */
  readonly timing: SpikesAnswer['timing'];
}

export function gridSpikes(answer: SpikesAnswer): GridSpikes {
  const { llr, layers, timeSteps, nSym, nSc } = answer;
  const plane = nSym * nSc;
  return {
    ...answer,
    llr: { datatype: llr.datatype, shape: llr.shape, data: bytes(llr.data) },
    layers: layers.map(({ name, channels, rates, counts, spikes, membrane }) => ({
      name,
      channels,
      rates,
      counts: new Uint16Array(bytes(counts).buffer),
      ...(spikes !== undefined && { spikes: unpacked(bytes(spikes), timeSteps * channels * plane) }),
      ...(membrane !== undefined && { membrane: new Float32Array(bytes(membrane).buffer) }),
    })),
  };
}

/** In a buffer of their own, so that views of any width fit. */
function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

function unpacked(packed: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const spikes = new Uint8Array(count);
  // Millions of them: `from` with a function takes a second.
  for (let i = 0; i < count; i++) spikes[i] = (packed[i >>> 3]! >>> (i & 7)) & 1;
  return spikes;
}
