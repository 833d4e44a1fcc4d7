/**
 * Statistics of spike trains in time. A population is given as its time steps, from the first: T arrays of the same
 * length, one element for each neuron, 0 or 1.
 */
export type SpikeSteps = readonly ArrayLike<number>[];

/** How often each value came: `counts[i]` for the value `first + i`. */
export interface Counts {
  readonly first: number;
  readonly counts: readonly number[];
}

function neuronsOf(steps: SpikeSteps): number {
  return steps[0]?.length ?? 0;
}

/** Spikes per neuron at each step. */
export function densityBySteps(steps: SpikeSteps): number[] {
  return steps.map((spikes) => {
    let sum = 0;
    for (let i = 0; i < spikes.length; i++) sum += spikes[i] as number;
    return spikes.length === 0 ? 0 : sum / spikes.length;
  });
}

/**
 * Spikes per neuron in each channel of one step.
 * @param spikes `[C, nSym, nSc]`
 */
export function densityByChannels(spikes: ArrayLike<number>, channels: number): number[] {
  const plane = spikes.length / channels;
  const sums = Array.from({ length: channels }, () => 0);
  for (let i = 0; i < spikes.length; i++) {
    const channel = Math.floor(i / plane);
    sums[channel] = (sums[channel] as number) + (spikes[i] as number);
  }
  return sums.map((sum) => sum / plane);
}

export interface FirstSpikes {
  /** Neurons by the step of their first spike, counted from 1. */
  readonly times: Counts;
  /** Neurons that never fired. */
  readonly silent: number;
}

/** When each neuron fires for the first time. */
export function firstSpikes(steps: SpikeSteps): FirstSpikes {
  const counts = steps.map(() => 0);
  let silent = 0;
  for (let neuron = 0; neuron < neuronsOf(steps); neuron++) {
    const step = steps.findIndex((spikes) => spikes[neuron] !== 0);
    if (step < 0) silent++;
    else counts[step] = (counts[step] as number) + 1;
  }
  return { times: { first: 1, counts }, silent };
}

/** Steps between the successive spikes of each neuron, 1 to T − 1, of all neurons together. */
export function interSpikeIntervals(steps: SpikeSteps): Counts {
  const counts = steps.slice(1).map(() => 0);
  for (let neuron = 0; neuron < neuronsOf(steps); neuron++) {
    let last = -1;
    steps.forEach((spikes, step) => {
      if (spikes[neuron] === 0) return;
      if (last >= 0) counts[step - last - 1] = (counts[step - last - 1] as number) + 1;
      last = step;
    });
  }
  return { first: 1, counts };
}

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Of the whole population: divided by the count. */
  readonly standardDeviation: number;
}

/** @returns undefined when there is nothing. */
export function momentsOfCounts({ first, counts }: Counts): Moments | undefined {
  let [count, sum, squares] = [0, 0, 0];
  counts.forEach((many, i) => {
    count += many;
    sum += many * (first + i);
    squares += many * (first + i) ** 2;
  });
  if (count === 0) return undefined;
  const mean = sum / count;
  return { count, mean, standardDeviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

/**
 * Burstiness B = (σ − μ)/(σ + μ) of intervals with mean μ and standard deviation σ (Goh and Barabási, EPL 81, 48002,
 * 2008): −1 for regular firing, 0 for that of a Poisson process, towards 1 for bursts with long silence between.
 * @returns undefined when there is no interval.
 */
export function burstiness(intervals: Counts): number | undefined {
  const moments = momentsOfCounts(intervals);
  if (!moments) return undefined;
  const { mean, standardDeviation } = moments;
  return (standardDeviation - mean) / (standardDeviation + mean);
}
