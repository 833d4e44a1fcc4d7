/** Spikes and synaptic operations of one layer at one step, added up over slots. */
import type { InputCount } from './geometry.js';

export interface StepTally {
  /** Spikes of the layer's own neurons. */
  spikes: number;
  neurons: number;
  /** What the layer's convolution saw; zero where it sees no spikes. */
  readonly input: { -readonly [K in keyof InputCount]: InputCount[K] };
}

/** One SNR: by layer, for each step. */
export interface ActivityTally {
  slots: number;
  readonly layers: ReadonlyMap<string, readonly StepTally[]>;
}

function emptyStep(): StepTally {
  const input = { spikes: 0, nonzero: 0, largest: 0, elements: 0, accumulates: 0 };
  return { spikes: 0, neurons: 0, input };
}

export function emptyTally(layers: readonly { readonly name: string; readonly steps: readonly unknown[] }[]) {
  const spiking = layers.filter(({ steps }) => steps.length > 0);
  const empty = spiking.map(({ name, steps }) => [name, steps.map(emptyStep)] as const);
  return { slots: 0, layers: new Map(empty) } satisfies ActivityTally;
}

export function addSpikes(tally: StepTally, spikes: Float32Array): void {
  tally.spikes += spikes.reduce((sum, spike) => sum + spike, 0);
  tally.neurons += spikes.length;
}

export function addInput({ input }: StepTally, count: InputCount): void {
  input.spikes += count.spikes;
  input.nonzero += count.nonzero;
  input.largest = Math.max(input.largest, count.largest);
  input.elements += count.elements;
  input.accumulates += count.accumulates;
}

/** Several tallies of one network together. */
export function pooled(tallies: readonly ActivityTally[]): ActivityTally {
  const [first] = tallies;
  const shapes = [...(first?.layers ?? [])].map(([name, steps]) => ({ name, steps }));
  const total = emptyTally(shapes);
  for (const tally of tallies) {
    total.slots += tally.slots;
    for (const [name, steps] of tally.layers)
      steps.forEach((step, t) => {
        const sum = total.layers.get(name)?.[t] as StepTally;
        sum.spikes += step.spikes;
        sum.neurons += step.neurons;
        addInput(sum, step.input);
      });
  }
  return total;
}
