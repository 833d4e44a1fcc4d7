/** Which neuron is worth looking at when nobody has chosen one. */

/** A layer's neurons over time, each step `[C, nSym, nSc]`. */
export interface NeuronSteps {
  /** Potential before the reset, in units of θ. */
  readonly membrane: readonly ArrayLike<number>[];
  readonly spikes: readonly ArrayLike<number>[];
}

/** How often the neuron goes from silence to a spike or back. */
function switches(spikes: readonly ArrayLike<number>[], neuron: number): number {
  let count = 0;
  for (let step = 1; step < spikes.length; step++)
    if (spikes[step]?.[neuron] !== spikes[step - 1]?.[neuron]) count++;
  return count;
}

/** Usual distance of the potential from θ: neither barely at it nor far away. */
const TYPICAL = 0.3;

/** How far the mean distance of the potential from θ is from the usual one. */
function oddity(membrane: readonly ArrayLike<number>[], neuron: number): number {
  const away = membrane.reduce((sum, step) => sum + Math.abs((step[neuron] as number) - 1), 0);
  return Math.abs(away / membrane.length - TYPICAL);
}

/**
 * The neuron that turns on and off most often; of several the one whose potential moves around θ at a usual distance.
 * @param candidates indices into a step; all neurons when left out
 * @returns its index into a step; undefined when there is no neuron
 */
export function liveliestNeuron(
  { membrane, spikes }: NeuronSteps,
  candidates?: Iterable<number>,
): number | undefined {
  let best: { readonly neuron: number; readonly turns: number; readonly odd: number } | undefined;
  for (const neuron of candidates ?? Array.from({ length: membrane[0]?.length ?? 0 }, (_, i) => i)) {
    const turns = switches(spikes, neuron);
    if (best && turns < best.turns) continue;
    const odd = oddity(membrane, neuron);
    if (!best || turns > best.turns || odd < best.odd) best = { neuron, turns, odd };
  }
  return best?.neuron;
}
