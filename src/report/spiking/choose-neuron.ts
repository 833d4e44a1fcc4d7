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

/** Mean distance of the potential from θ. */
function distance(membrane: readonly ArrayLike<number>[], neuron: number): number {
  return membrane.reduce((sum, step) => sum + Math.abs((step[neuron] as number) - 1), 0) / membrane.length;
}

/**
 * The neuron that turns on and off most often; of several the one whose potential stays closest to θ, where a little
 * more or less current decides.
 * @param candidates indices into a step; all neurons when left out
 * @returns its index into a step; undefined when there is no neuron
 */
export function liveliestNeuron(
  { membrane, spikes }: NeuronSteps,
  candidates?: Iterable<number>,
): number | undefined {
  let best: { readonly neuron: number; readonly turns: number; readonly away: number } | undefined;
  for (const neuron of candidates ?? Array.from({ length: membrane[0]?.length ?? 0 }, (_, i) => i)) {
    const turns = switches(spikes, neuron);
    if (best && turns < best.turns) continue;
    const away = distance(membrane, neuron);
    if (!best || turns > best.turns || away < best.away) best = { neuron, turns, away };
  }
  return best?.neuron;
}
