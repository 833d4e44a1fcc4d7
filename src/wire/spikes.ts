/**
 * What happened inside the spiking layers of a model while it computed the LLRs of one grid: the answer of
 * `POST /v1/spikes`. T time steps, C channels of a layer, nSym OFDM symbols, nSc subcarriers. Binary fields are
 * base64, little-endian, row-major, without gaps.
 */
import { type Static, Type } from 'typebox';

/** What comes on request for every neuron and step, beside the counts and rates that always come. */
export const SPIKE_KINDS = ['spikes', 'membrane'] as const;
export type SpikeKind = (typeof SPIKE_KINDS)[number];

const Base64 = (description: string) => Type.String({ contentEncoding: 'base64', description });
const Milliseconds = Type.Number({ minimum: 0 });

export const SpikeLayerSchema = Type.Object({
  name: Type.String({ description: 'stem, block1, block2 …' }),
  channels: Type.Integer({ minimum: 1, description: 'C' }),
  rates: Type.Array(Type.Array(Type.Number({ minimum: 0, maximum: 1 })), {
    description: '[T][C]: share of the resource elements at which the channel fired in that step',
  }),
  counts: Base64('uint16 [T, nSym, nSc]: channels that fired at the resource element in that step, 0 … C'),
  spikes: Type.Optional(
    Base64(
      'With kind spikes: [T, C, nSym, nSc], a bit each, eight to a byte from the lowest bit on, the last byte filled up with 0',
    ),
  ),
  membrane: Type.Optional(
    Base64(
      'With kind membrane: float32 [T, C, nSym, nSc], the potential before the reset, in thresholds: it fires from 1 on',
    ),
  ),
});
export type SpikeLayer = Static<typeof SpikeLayerSchema>;

export const SpikesAnswerSchema = Type.Object({
  id: Type.String(),
  model: Type.String(),
  version: Type.String(),
  provenance: Type.Object({
    sha256: Type.String({ description: 'Of the model file' }),
    provider: Type.String({ description: 'Execution provider: cpu, whatever serves LLRs' }),
  }),
  timeSteps: Type.Integer({ minimum: 1, description: 'T' }),
  /** Of the received grid. */
  nSym: Type.Integer({ minimum: 1 }),
  nSc: Type.Integer({ minimum: 1 }),
  layers: Type.Array(SpikeLayerSchema, { description: 'In the order of the network' }),
  llr: Type.Object(
    {
      datatype: Type.Enum(['f32', 'f16', 'i8']),
      shape: Type.Array(Type.Integer()),
      data: Base64('Values of the datatype'),
    },
    { description: 'LLRs of the same run, in the form asked for' },
  ),
  timing: Type.Object({
    decodeMs: Milliseconds,
    queueMs: Milliseconds,
    loadMs: Type.Number({ minimum: 0, description: 'To load the model with its taps; 0 when it was there' }),
    computeMs: Milliseconds,
  }),
});
export type SpikesAnswer = Static<typeof SpikesAnswerSchema>;
