import { type Static, Type } from 'typebox';
import { bitsPerSymbol as bitsOf, MODULATIONS } from '../nr/qam.js';
import { SEW_CONNECTIONS } from './sew-block.js';

const positive = (description: string, fallback: number) =>
  Type.Number({ exclusiveMinimum: 0, default: fallback, description });

/** `lif`: spiking neurons. `relu`: the analog peer of the same shape, which runs once (T = 1). */
export const ACTIVATIONS = ['lif', 'relu'] as const;

/** Everything that defines the network's shape and dynamics. Published beside the weights in the model file. */
export const SpikingRxConfigSchema = Type.Object(
  {
    modulation: Type.Enum([...MODULATIONS], {
      default: 'QPSK',
      description: 'QAM of the data',
    }),
    nRx: Type.Integer({ minimum: 1, maximum: 16, default: 2, description: 'Receive antennas' }),
    activation: Type.Enum([...ACTIVATIONS], {
      default: 'lif',
      description: 'Neurons: lif (spiking), or relu for an ANN of the same shape, with timeSteps 1',
    }),
    timeSteps: Type.Integer({ minimum: 1, maximum: 32, default: 2, description: 'T, time steps unrolled' }),
    channels: Type.Integer({
      minimum: 1,
      maximum: 512,
      default: 32,
      description: 'C, channels of every SEW block',
    }),
    dilations: Type.Array(Type.Tuple([Type.Integer({ minimum: 1 }), Type.Integer({ minimum: 1 })]), {
      minItems: 1,
      default: [
        [1, 1],
        [2, 3],
        [3, 6],
        [2, 3],
        [1, 1],
      ],
      description: 'One SEW block each: dilation of its convolution in symbols and subcarriers',
    }),
    connection: Type.Enum([...SEW_CONNECTIONS], { default: 'add', description: 'SEW connection' }),
    beta: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.9,
      description: 'β, membrane decay a step',
    }),
    trainBeta: Type.Boolean({ default: false, description: 'Train β, one for each layer' }),
    threshold: positive('θ, firing threshold', 1),
    driveGain: positive('Factor on the normalised current; 1/(1−β) makes unit currents reach θ = 1', 10),
    surrogateWidth: positive(
      'a, half-width of the triangular surrogate, in units of the membrane potential',
      1,
    ),
    normStatistics: Type.Enum(['per-step', 'shared'], {
      default: 'per-step',
      description: 'Running statistics for each time step, or one set for all',
    }),
    featureSkip: Type.Boolean({
      default: true,
      description: 'The analog readout sees the input features beside the mean of the last spikes',
    }),
    channelRefinement: Type.Boolean({
      default: false,
      description:
        'The readout also sees the output of a filter of the network, in the place of the matched one: the channel estimate and what the spikes add to it',
    }),
    readoutWidth: Type.Integer({
      minimum: 1,
      maximum: 1024,
      default: 64,
      description: 'Hidden width of the readout',
    }),
    frequencyHalfWidths: Type.Array(Type.Integer({ minimum: 2, maximum: 64 }), {
      minItems: 1,
      default: [3, 12],
      description: 'Half-widths in subcarriers of the kernels that smooth the LS estimates',
    }),
    timeDecay: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.75,
      description: 'Weight of a pilot falls by this factor for each OFDM symbol of distance',
    }),
  },
  { additionalProperties: false },
);

export type SpikingRxConfig = Static<typeof SpikingRxConfigSchema>;

export function bitsPerSymbol(config: SpikingRxConfig): number {
  return bitsOf(config.modulation);
}
