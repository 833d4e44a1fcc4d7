import type { FormattedLlr } from '../llr-format.js';
import type { LlrRequest, LlrResult } from '../types.js';

/** What comes on request for every neuron and step: see {@link LayerSpikes}. */
export type SpikeKind = 'spikes' | 'membrane';

export interface SpikesWanted {
  /** All when left out. */
  readonly layers?: readonly string[] | undefined;
  readonly kinds: readonly SpikeKind[];
  /** Most bytes of {@link LayerSpikes} together. */
  readonly maxBytes: number;
}

/** A grid whose way through the spiking layers is to be seen. What it says of urgency and priority has no effect. */
export interface SpikesRequest extends LlrRequest {
  readonly wanted: SpikesWanted;
}

/** One spiking layer of C channels over T steps, little-endian and row-major. */
export interface LayerSpikes {
  readonly name: string;
  readonly channels: number;
  /** `[T][C]`: share of the resource elements at which the channel fired. */
  readonly rates: readonly (readonly number[])[];
  /** uint16 `[T, nSym, nSc]`: channels that fired. */
  readonly counts: Uint8Array<ArrayBuffer>;
  /** With kind `spikes`: a bit each of `[T, C, nSym, nSc]`, eight to a byte from the lowest bit on. */
  readonly spikes?: Uint8Array<ArrayBuffer>;
  /** With kind `membrane`: float32 `[T, C, nSym, nSc]`, the potential before the reset, in units of θ. */
  readonly membrane?: Uint8Array<ArrayBuffer>;
}

export interface SpikesTiming {
  readonly queueMs: number;
  /** To load the model with its taps; 0 when it was there. */
  readonly loadMs: number;
  readonly computeMs: number;
}

export interface SpikesResult extends Pick<LlrResult, 'id' | 'model' | 'version' | 'sha256' | 'llr'> {
  readonly timeSteps: number;
  /** In the order of the network. */
  readonly layers: readonly LayerSpikes[];
  readonly timing: SpikesTiming;
}

/** What the worker made of a grid. */
export interface TappedRun {
  readonly timeSteps: number;
  readonly layers: readonly LayerSpikes[];
  readonly llr: FormattedLlr;
  readonly loadMs: number;
  readonly computeMs: number;
}
