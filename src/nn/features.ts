import type { GraphBuilder } from '../onnx/builder.js';
import type { Value } from '../onnx/types.js';

/** How the channel estimates among the features are smoothed. */
export interface FeatureOptions {
  readonly nRx: number;
  /** Half-widths in subcarriers of the triangular kernels in frequency, narrow to wide. */
  readonly frequencyHalfWidths: readonly number[];
  /** Weight of a pilot falls by this factor for each OFDM symbol of distance. */
  readonly timeDecay: number;
}

/** Guards against division by zero; pilots and grids of any usual scale are far above. */
const TINY = 1e-20;
/** A relative noise power below this (−30 dB) counts as none. */
const NOISE_FLOOR = 1e-3;
/** Relative noise power at which the noise level is zero. */
const NOISE_MIDPOINT = 0.05;
/** Bound of the soft decisions, in units of the noise. */
const SOFT_LIMIT = 10;
/** Longest slot: the time kernel reaches from its first symbol to its last. */
const MAX_SYMBOLS = 14;

/** Number of planes that one channel estimate gives. */
export function estimateFeatureCount(nRx: number): number {
  return 2 * nRx + 2 + 2 + 1 + 1;
}

/** Number of feature planes for these options. */
export function featureCount({ nRx, frequencyHalfWidths }: FeatureOptions): number {
  return 2 * nRx + 2 + frequencyHalfWidths.length * estimateFeatureCount(nRx);
}

function complex(name: string): string[] {
  return [`${name} re`, `${name} im`];
}

/** What each feature plane is, in their order; `k` numbers the kernels, narrow to wide, from 0. */
export function featureNames({ nRx, frequencyHalfWidths }: FeatureOptions): string[] {
  const antennas = (name: string) => Array.from({ length: nRx }, (_, r) => complex(`${name}${r}`)).flat();
  return [
    ...antennas('y'),
    'pilots',
    'pilot density',
    ...frequencyHalfWidths.flatMap((_, k) =>
      [antennas('ĥ'), complex('matched'), complex('soft'), ['gain'], ['noise']]
        .flat()
        .map((name) => `${name}, k${k}`),
    ),
  ];
}

/** What the features of a channel estimate are made from. */
export interface Signals {
  /** The received grid at unit power, `[B, 2·nRx, nSym, nSc]`. */
  readonly rx: Value;
  /** LS estimates at the pilots, zero elsewhere, `[B, 2·nRx, nSym, nSc]`. */
  readonly ls: Value;
  /** 1 at a pilot, 0 elsewhere, `[B, 1, nSym, nSc]`. */
  readonly pilots: Value;
  /** +1 for planes of real parts, −1 for planes of imaginary parts, `[1, 2·nRx, 1, 1]`. */
  readonly signs: Value;
}

export interface Features {
  /** `[B, featureCount, nSym, nSc]`. */
  readonly planes: Value;
  /** Channel estimates, narrow to wide kernel, `[B, 2·nRx, nSym, nSc]` each. */
  readonly channels: readonly Value[];
  readonly signals: Signals;
}

/** Swaps re and im in each pair of planes and negates every second: x ↦ −j·x up to sign conventions. */
function rotate(g: GraphBuilder, x: Value, signs: Value): Value {
  const planes = g.split(x, 1, x.shape[1] as number);
  const swapped = planes.map((_, i) => planes[i ^ 1] as Value);
  return g.mul(g.concat(swapped, 1), signs);
}

function alternatingSigns(g: GraphBuilder, planes: number): Value {
  const data = Float32Array.from({ length: planes }, (_, i) => (i % 2 === 0 ? 1 : -1));
  return g.initializer('features.signs', [1, planes, 1, 1], data);
}

/** Weights `[K·planes, planes, 1, 2w−1]`: K triangles in frequency, each applied to every plane. */
function frequencyKernels(
  planes: number,
  halfWidths: readonly number[],
): { shape: number[]; data: Float32Array } {
  const reach = Math.max(...halfWidths) - 1;
  const taps = 2 * reach + 1;
  const data = new Float32Array(halfWidths.length * planes * planes * taps);
  halfWidths.forEach((halfWidth, k) => {
    for (let plane = 0; plane < planes; plane++)
      for (let tap = 0; tap < taps; tap++) {
        const weight = Math.max(0, 1 - Math.abs(tap - reach) / halfWidth);
        data[((k * planes + plane) * planes + plane) * taps + tap] = weight;
      }
  });
  return { shape: [halfWidths.length * planes, planes, 1, taps], data };
}

/** Weights `[planes, planes, 27, 1]`: the same exponential in time for every plane. */
function timeKernel(planes: number, decay: number): { shape: number[]; data: Float32Array } {
  const reach = MAX_SYMBOLS - 1;
  const taps = 2 * reach + 1;
  const data = new Float32Array(planes * planes * taps);
  for (let plane = 0; plane < planes; plane++)
    for (let tap = 0; tap < taps; tap++)
      data[(plane * planes + plane) * taps + tap] = decay ** Math.abs(tap - reach);
  return { shape: [planes, planes, taps, 1], data };
}

/** LS estimates at the pilots, zero elsewhere, and the map of pilots: 1 at a pilot, 0 elsewhere. */
function leastSquares(g: GraphBuilder, rx: Value, dmrs: Value, signs: Value): { ls: Value; pilots: Value } {
  const [re, im] = g.split(dmrs, 1, 2) as [Value, Value];
  const energy = g.add(g.mul(re, re), g.mul(im, im));
  const inverse = g.div(1, g.max(energy, TINY));
  // y·p*: re = y_re·p_re + y_im·p_im, im = y_im·p_re − y_re·p_im.
  const matched = g.add(g.mul(rx, re), g.mul(rotate(g, rx, signs), im));
  return { ls: g.mul(matched, inverse), pilots: g.mul(energy, inverse) };
}

interface Estimate {
  /** ĥ, `[B, 2·nRx, nSym, nSc]`. */
  readonly channel: Value;
  /** Kernel mass that reached this resource element: small far from pilots. */
  readonly density: Value;
}

/** Normalised convolution of the LS estimates with each kernel: conv(ls, k)/conv(pilots, k). */
function smooth(g: GraphBuilder, ls: Value, pilots: Value, options: FeatureOptions): Estimate[] {
  const planes = 2 * options.nRx + 1;
  const count = options.frequencyHalfWidths.length;
  const inFrequency = frequencyKernels(planes, options.frequencyHalfWidths);
  const inTime = timeKernel(count * planes, options.timeDecay);
  const reach = ((inFrequency.shape[3] as number) - 1) / 2;
  const rows = g.conv(
    g.concat([ls, pilots], 1),
    g.initializer('features.frequency_kernels', inFrequency.shape, inFrequency.data),
    undefined,
    { pads: [0, reach, 0, reach], dilations: [1, 1] },
  );
  const grid = g.conv(rows, g.initializer('features.time_kernel', inTime.shape, inTime.data), undefined, {
    pads: [MAX_SYMBOLS - 1, 0, MAX_SYMBOLS - 1, 0],
    dilations: [1, 1],
  });
  const sizes = options.frequencyHalfWidths.flatMap(() => [planes - 1, 1]);
  const parts = g.split(grid, 1, sizes);
  return options.frequencyHalfWidths.map((_, k) => {
    const density = parts[2 * k + 1] as Value;
    return { channel: g.div(parts[2 * k] as Value, g.max(density, TINY)), density };
  });
}

/** Mean over a whole grid, `[B, 1, 1, 1]`. */
function gridMean(g: GraphBuilder, x: Value): Value {
  return g.reduceMean(x, [1, 2, 3], true);
}

/**
 * Features that one channel estimate gives: itself, matched filter, soft decisions, gain, noise.
 * @param channel `[B, 2·nRx, nSym, nSc]` @returns planes that make `[B, estimateFeatureCount, nSym, nSc]`
 */
export function estimateFeatures(
  g: GraphBuilder,
  channel: Value,
  { rx, ls, pilots, signs }: Signals,
): Value[] {
  const gain = g.reduceSum(g.mul(channel, channel), [1], true);
  // Σ_r ĥ*_r y_r: re = Σ h·y, im = Σ h_re·y_im − h_im·y_re.
  const matched = g.concat(
    [
      g.reduceSum(g.mul(channel, rx), [1], true),
      g.reduceSum(g.mul(channel, rotate(g, rx, signs)), [1], true),
    ],
    1,
  );
  const residual = g.mul(g.sub(ls, channel), pilots);
  // Complex noise power for each pilot and antenna, relative to the grid's power.
  const noise = g.mul(g.div(gridMean(g, g.mul(residual, residual)), g.max(gridMean(g, pilots), TINY)), 2);
  const soft = g.div(matched, g.add(noise, NOISE_FLOOR));
  // tanh(½·ln(noise/midpoint)): grows with the level in dB and is bounded. Only correctly rounded operations,
  // since the runtime's vectorised Log may differ in its last bit with the row's place in the batch.
  const noiseLevel = g.div(g.sub(noise, NOISE_MIDPOINT), g.add(noise, NOISE_MIDPOINT));
  return [
    channel,
    g.div(matched, g.sqrt(g.add(gain, NOISE_FLOOR))),
    g.mul(g.max(g.min(soft, SOFT_LIMIT), -SOFT_LIMIT), 1 / SOFT_LIMIT),
    g.sqrt(gain),
    // A level for the whole grid, spread over its resource elements.
    g.add(g.mul(pilots, 0), noiseLevel),
  ];
}

/**
 * Input features, computed inside the graph so that clients send plain signals: the received grid scaled to
 * unit power, the map of pilots, how much pilot weight reaches each resource element, and for each kernel the
 * channel estimate (normalised convolution of the LS estimates), the matched filter's output, soft decisions,
 * the gain and the noise level.
 * @param rx `[B, 2·nRx, nSym, nSc]` @param dmrs `[B, 2, nSym, nSc]`
 * @returns features that are independent of the receiver's gain; the channel estimates are relative to the
 *   pilots as they are given
 */
export function features(g: GraphBuilder, rx: Value, dmrs: Value, options: FeatureOptions): Features {
  return g.scope('features', () => {
    const signs = alternatingSigns(g, 2 * options.nRx);
    // Complex power of one sample is twice the mean over real planes.
    const power = g.max(g.mul(gridMean(g, g.mul(rx, rx)), 2), TINY);
    const scaled = g.div(rx, g.sqrt(power));
    const { ls, pilots } = leastSquares(g, scaled, dmrs, signs);
    const estimates = smooth(g, ls, pilots, options);
    const density = (estimates[0] as Estimate).density;
    const signals = { rx: scaled, ls, pilots, signs };
    const channels = estimates.map(({ channel }) => channel);
    const planes = channels.flatMap((channel) => estimateFeatures(g, channel, signals));
    return { planes: g.concat([scaled, pilots, density, ...planes], 1), channels, signals };
  });
}
