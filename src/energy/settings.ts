/** From the command line's flags to what is to be counted. */
import { invalid } from '../errors.js';
import { parseInteger, parseSnrs } from '../evaluate/parse-flags.js';
import { changedScenario, type ScenarioFlags } from '../evaluate/settings.js';
import { type ModelSource, modelSources } from '../evaluate/sources.js';
import type { Modulation } from '../nr/qam.js';
import { parseTrainConfig, type Scenario } from '../train/config.js';

/** Flags as they were written. */
export interface EnergyFlags extends ScenarioFlags {
  readonly model: readonly string[];
  readonly snr: string;
  readonly slots: string;
  readonly seed: string;
  readonly prb: string;
  readonly evaluation: readonly string[];
}

export interface EnergySettings {
  readonly models: readonly ModelSource[];
  /** What the slots are drawn from: the first model's training scenario, with what the flags change. */
  readonly scenario: Scenario;
  readonly receiver: { readonly modulation: Modulation; readonly nRx: number; readonly nPrb: number };
  readonly snrsDb: readonly number[];
  /** For each SNR. */
  readonly slots: number;
  readonly seed: number;
  readonly evaluations: readonly string[];
  readonly caption: string;
}

/** All models see the same slots. */
function receiverOf(models: readonly ModelSource[], nPrb: number): EnergySettings['receiver'] {
  const [first] = models;
  if (!first) throw invalid('--model', 'at least one model', 'none');
  const { modulation, nRx, title } = first;
  if (modulation === undefined)
    throw invalid('--model', 'a model whose metadata name its modulation', `${title} without it`);
  const other = models.find((model) => model.modulation !== modulation || model.nRx !== nRx);
  if (other)
    throw invalid(
      '--model',
      `models for ${modulation} and ${nRx} Rx like ${title}, so that all see the same slots`,
      `${other.title} for ${other.modulation ?? 'no known modulation'} and ${other.nRx} Rx`,
    );
  return { modulation, nRx, nPrb };
}

/** @throws SpikingRxError that names the flag, what it takes and what came. */
export function energySettings(flags: EnergyFlags): EnergySettings {
  const models = modelSources(flags.model);
  const nPrb = parseInteger('--prb', flags.prb, 1, 273);
  const receiver = receiverOf(models, nPrb);
  const names = models.map(({ spec }) => spec.name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw invalid('--model', 'a name of its own for each model (--model name=file)', `${twice} twice`);
  const trained = models.find(({ scenario }) => scenario !== undefined)?.scenario;
  const base = trained ?? parseTrainConfig({ name: 'energy', version: '1' }).data;
  const scenario = changedScenario(flags, base);
  const slots = parseInteger('--slots', flags.slots, 1);
  const seed = parseInteger('--seed', flags.seed, 0);
  const snrsDb = parseSnrs('--snr', flags.snr);
  return {
    models,
    scenario,
    receiver,
    snrsDb,
    slots,
    seed,
    evaluations: flags.evaluation,
    caption: captionOf({ scenario, receiver, snrsDb, slots, seed }),
  };
}

function captionOf({
  scenario,
  receiver: { modulation, nRx, nPrb },
  snrsDb,
  slots,
  seed,
}: Pick<EnergySettings, 'scenario' | 'receiver' | 'snrsDb' | 'slots' | 'seed'>): string {
  const dmrs = scenario.dmrsSymbols.map((set) => set.join(', ')).join(' or ');
  const types = scenario.dmrsTypes.join() === '1' ? '' : ` of type ${scenario.dmrsTypes.join(' or ')}`;
  const each = snrsDb.length > 1 ? 'each of ' : '';
  return (
    `${modulation}, ${nRx} Rx, ${nPrb} PRB, DMRS ${dmrs}${types}; ` +
    `${slots} slots at ${each}${snrsDb.join(', ')} dB, seed ${seed}`
  );
}
