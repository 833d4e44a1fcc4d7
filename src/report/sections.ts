/** What a report shows, in the order of its page. */
import { invalid } from '../errors.js';
import type { EvaluationChoice } from './receiver/evaluation.js';
import { receiverSections } from './receiver/sections.js';
import type { Section } from './section.js';
import { slotSection } from './slot-figures.js';
import type { NeuronChoice } from './spiking/neuron-place.js';
import { spikingSections } from './spiking/sections.js';

/** What sections can be told. */
export interface SectionOptions {
  readonly evaluation: EvaluationChoice;
  /** Only these, by their ids. All when undefined. */
  readonly only?: readonly string[];
  /** The neuron to show in close-up. A lively one when undefined. */
  readonly neuron?: NeuronChoice;
}

/** @throws INVALID_ARGUMENT for a section that there is none of, and for what only a section could use that is left out. */
export function sectionsOf(options: SectionOptions): readonly Section[] {
  const { evaluation, only, neuron } = options;
  const all = [slotSection(), ...spikingSections(neuron), ...receiverSections(evaluation)];
  if (only === undefined) return all;
  const unknown = only.find((id) => all.every((section) => section.id !== id));
  if (unknown !== undefined)
    throw invalid('--sections', `some of ${all.map(({ id }) => id).join(', ')}`, unknown);
  requireUse('--neuron', neuron, 'neurons', only);
  requireUse('--evaluation', evaluation.results, 'performance', only);
  return all.filter(({ id }) => only.includes(id));
}

function requireUse(flag: string, value: unknown, section: string, only: readonly string[]): void {
  if (value !== undefined && !only.includes(section))
    throw invalid(flag, `the section ${section}, which shows it, among --sections`, only.join(','));
}
