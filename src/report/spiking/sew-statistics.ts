/** What a SEW block makes of its branch's spikes and its shortcut. */
import type { SewConnection } from '../../nn/sew-block.js';
import { meanAndVariance, momentsByChannel } from './moments.js';

/** One block at one step, both `[C, nSym, nSc]`. */
export interface BlockStep {
  /** Of the branch: LIF(SpikeNorm(Conv(x))). */
  readonly spikes: Float32Array;
  /** x, which the shortcut hands on as it is. */
  readonly input: Float32Array;
}

/** The block's output `[C, nSym, nSc]`: s + x, s·x or (1 − s)·x. */
export function blockOutput({ spikes, input }: BlockStep, connection: SewConnection): Float32Array {
  switch (connection) {
    case 'add':
      return spikes.map((spike, i) => spike + (input[i] as number));
    case 'and':
      return spikes.map((spike, i) => spike * (input[i] as number));
    case 'iand':
      return spikes.map((spike, i) => (1 - spike) * (input[i] as number));
    default:
      return connection satisfies never;
  }
}

export interface BlockStatistics {
  /** Spikes per neuron of the branch. */
  readonly activity: number;
  /** Mean of what the shortcut carries. */
  readonly shortcutMean: number;
  readonly outputMean: number;
  readonly outputStandardDeviation: number;
  /** See `shortcutShare`. */
  readonly shortcutShare: number | undefined;
  /** Variance of each channel's output over the grid. */
  readonly channelVariance: readonly number[];
}

/**
 * With ADD, the share of the output that comes over the shortcut, Σx / Σ(s + x); with AND and IAND, where the branch
 * only lets through or holds back, the share of the shortcut that comes out.
 * @param shortcut mean of what the shortcut carries
 * @param output mean of what the block puts out
 * @returns undefined when the divisor is 0
 */
export function shortcutShare(
  shortcut: number,
  output: number,
  connection: SewConnection,
): number | undefined {
  const [part, whole] = connection === 'add' ? [shortcut, output] : [output, shortcut];
  return whole === 0 ? undefined : part / whole;
}

export function blockStatistics(
  step: BlockStep,
  connection: SewConnection,
  channels: number,
): BlockStatistics {
  const output = blockOutput(step, connection);
  const { mean: outputMean, variance } = meanAndVariance(output);
  const { mean: shortcutMean } = meanAndVariance(step.input);
  return {
    activity: meanAndVariance(step.spikes).mean,
    shortcutMean,
    outputMean,
    outputStandardDeviation: Math.sqrt(variance),
    shortcutShare: shortcutShare(shortcutMean, outputMean, connection),
    channelVariance: momentsByChannel(output, channels).map((moments) => moments.variance),
  };
}
