/** What one neuron does over time: LIF in plain arithmetic, on the current of a neuron or a made-up one. */
import { lifStep } from '../../nn/lif.js';
import type { Random } from '../../phy/random.js';

export interface NeuronSettings {
  /** β, decay of the membrane potential in one step. */
  readonly beta: number;
  /** θ, in the unit of the current. */
  readonly threshold: number;
}

/** One value for each time step. */
export interface NeuronTrace extends NeuronSettings {
  readonly current: readonly number[];
  /** U after charging, before the reset. */
  readonly charged: readonly number[];
  /** U after the reset, with which the next step starts. */
  readonly rest: readonly number[];
  /** 0 or 1. */
  readonly spikes: readonly number[];
}

/** U ← βU + (1−β)I; S = H(U − θ); U ← U − Sθ from U = 0. */
export function traceOf(current: readonly number[], settings: NeuronSettings): NeuronTrace {
  const [charged, rest, spikes]: [number[], number[], number[]] = [[], [], []];
  let potential = 0;
  for (const value of current) {
    const step = lifStep(potential, value, settings);
    potential = step.potential;
    charged.push(step.charged);
    rest.push(step.potential);
    spikes.push(step.spike);
  }
  return { ...settings, current, charged, rest, spikes };
}

/** Currents that show one trait of the neuron each, in the unit of θ. */
export interface SyntheticCurrent {
  readonly name: string;
  readonly current: readonly number[];
}

/** A constant current, a step, and noise with a mean below θ, each `steps` long. */
export function syntheticCurrents(steps: number, threshold: number, random: Random): SyntheticCurrent[] {
  const series = (value: (step: number) => number): number[] =>
    Array.from({ length: steps }, (_, step) => threshold * value(step));
  return [
    { name: 'constant, 1.5 θ', current: series(() => 1.5) },
    {
      name: 'step: 0, then 3 θ, then 0.8 θ',
      current: series((step) => (step < steps / 6 ? 0 : step < (2 * steps) / 3 ? 3 : 0.8)),
    },
    { name: 'noise, mean 0.9 θ, standard deviation 2 θ', current: series(() => 0.9 + 2 * random.normal()) },
  ];
}
