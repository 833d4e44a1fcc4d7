/** From the command line's flags to what is to be evaluated. */
import { invalid } from '../errors.js';
import { cdmGroups, type DmrsConfigType } from '../nr/dmrs.js';
import { MODULATIONS, type Modulation } from '../nr/qam.js';
import { type McsEntry, type McsTable, largestMcs, mcsEntry } from '../phy/coding/index.js';
import { parseTrainConfig, type Scenario } from '../train/config.js';
import { dmrsCases, type EvaluationCase, usualCases } from './cases.js';
import { halfRateMcs, type LinkConfig } from './link.js';
import { type Channels, parseAscending, parseChoices, parseInteger } from './parse-flags.js';
import { parseProfiles, parseRange, parseService, parseSnrs } from './parse-flags.js';
import type { ReceiverSpec } from './receiver-spec.js';
import { CONVENTIONAL, CONVENTIONAL_KINDS } from './receivers.js';
import { modelSources, serviceSource, type Source } from './sources.js';
import type { Fingerprint } from './store.js';

/** Flags as they were written. */
export interface EvaluationFlags {
  readonly model: readonly string[];
  readonly service: readonly string[];
  readonly receivers: string;
  readonly snr: string;
  readonly slots: string;
  readonly blockErrors: string;
  readonly mcs?: string;
  readonly mcsTable?: string;
  readonly uncoded: boolean;
  readonly seed: string;
  readonly modulation?: string;
  readonly rx?: string;
  readonly profiles?: string;
  readonly doppler?: string;
  readonly delaySpread?: string;
  readonly dmrs: readonly string[];
  readonly dmrsType?: string;
  readonly cdmGroups?: string;
  readonly prb?: string;
  readonly case?: string;
}

export interface EvaluationSettings {
  readonly receivers: readonly ReceiverSpec[];
  readonly cases: readonly EvaluationCase[];
  readonly snrsDb: readonly number[];
  readonly link: LinkConfig;
  readonly slots: number;
  readonly blockErrors: number;
  readonly seed: number;
  /** Modulation, antennas and code, in words. */
  readonly caption: string;
  readonly fingerprint: Fingerprint;
}

/** @throws SpikingRxError that names the flag, what it takes and what came. */
export async function evaluationSettings(flags: EvaluationFlags): Promise<EvaluationSettings> {
  const sources = await openSources(flags);
  const receivers = receiverSpecs(flags, sources);
  const modulation = modulationFor(flags, sources);
  const nRx = antennasFor(flags, sources);
  const { mcs, name: code } = codeFor(flags, modulation);
  const cases = casesFor(flags, sources);
  const common = {
    cases,
    slots: parseInteger('--slots', flags.slots, 1),
    blockErrors: parseInteger('--block-errors', flags.blockErrors, 1),
    seed: parseInteger('--seed', flags.seed, 0),
    link: { modulation, nRx, ...(mcs && { mcs }) },
  };
  const identities = receivers.map((spec) => ({
    kind: spec.kind,
    name: spec.name,
    sha256: sources.find((source) => source.spec === spec)?.sha256,
  }));
  return {
    ...common,
    receivers,
    snrsDb: parseSnrs('--snr', flags.snr),
    caption: `${modulation}, ${nRx} Rx, ${code}`,
    fingerprint: { format: 3, receivers: identities, ...common },
  };
}

async function openSources({ model, service }: EvaluationFlags): Promise<Source[]> {
  const models = modelSources(model);
  const services: Source[] = [];
  for (const text of service) {
    const { target, model: wanted } = parseService('--service', text);
    services.push(await serviceSource(target, wanted));
  }
  return [...models, ...services];
}

function receiverSpecs(flags: EvaluationFlags, sources: readonly Source[]): ReceiverSpec[] {
  const kinds = parseChoices('--receivers', flags.receivers, CONVENTIONAL_KINDS);
  const specs: ReceiverSpec[] = [
    ...sources.map(({ spec }) => spec),
    ...kinds.map((kind) => ({ kind, name: CONVENTIONAL[kind] })),
  ];
  if (specs.length === 0) throw invalid('--model, --service, --receivers', 'at least one receiver', 'none');
  const names = specs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw invalid('--model', 'a name of its own for each receiver (--model name=file)', `${twice} twice`);
  return specs;
}

/** The one value that sources and flag agree on. */
function agreed<T extends string | number>(
  flag: string,
  wanted: T | undefined,
  sources: readonly Source[],
  of: (source: Source) => T | undefined,
): T | undefined {
  let value = wanted;
  for (const source of sources) {
    const own = of(source);
    if (own !== undefined && value !== undefined && own !== value)
      throw invalid(flag, `${own}, for which ${source.title} is made`, String(value));
    value ??= own;
  }
  return value;
}

function modulationFor({ modulation }: EvaluationFlags, sources: readonly Source[]): Modulation {
  const wanted = MODULATIONS.find((name) => name === modulation);
  if (modulation !== undefined && wanted === undefined)
    throw invalid('--modulation', `one of ${MODULATIONS.join(', ')}`, modulation);
  const found = agreed('--modulation', wanted, sources, (source) => source.modulation);
  if (found === undefined && sources.length > 0)
    throw invalid('--modulation', `the modulation that ${sources[0]?.title} is made for`, 'none');
  return found ?? 'QPSK';
}

function antennasFor({ rx }: EvaluationFlags, sources: readonly Source[]): number {
  const wanted = rx === undefined ? undefined : parseInteger('--rx', rx, 1, 64);
  return agreed('--rx', wanted, sources, (source) => source.nRx) ?? 2;
}

function codeFor(
  flags: EvaluationFlags,
  modulation: Modulation,
): { readonly mcs?: McsEntry; readonly name: string } {
  if (flags.mcs === undefined && flags.mcsTable !== undefined)
    throw invalid('--mcs-table', '--mcs beside it', 'none');
  if (flags.uncoded) {
    if (flags.mcs !== undefined) throw invalid('--mcs', 'no MCS with --uncoded', flags.mcs);
    return { name: 'uncoded' };
  }
  const wantedTable = parseInteger('--mcs-table', flags.mcsTable ?? '1', 1, 3) as McsTable;
  const { table, index } =
    flags.mcs === undefined
      ? halfRateMcs(modulation)
      : { table: wantedTable, index: parseInteger('--mcs', flags.mcs, 0, largestMcs(wantedTable)) };
  const mcs = mcsEntry(table, index);
  if (mcs.modulation !== modulation)
    throw invalid('--mcs', `an index of table ${table} with ${modulation}`, `${index} (${mcs.modulation})`);
  return { mcs, name: `MCS ${index} of table ${table} (R = ${mcs.targetCodeRate.toFixed(3)})` };
}

function casesFor(flags: EvaluationFlags, sources: readonly Source[]): readonly EvaluationCase[] {
  const trained = sources.find(({ scenario }) => scenario !== undefined)?.scenario;
  const base = trained ?? parseTrainConfig({ name: 'evaluation', version: '1' }).data;
  const channels: Channels | undefined =
    flags.profiles === undefined ? undefined : parseProfiles('--profiles', flags.profiles);
  const profiles = channels && 'profiles' in channels ? channels.profiles : base.profiles;
  const scenario = { ...changedScenario(flags, base), profiles };
  const channel = channels && 'channel' in channels ? channels.channel : undefined;
  const fixedDoppler = flags.doppler !== undefined || channel !== undefined;
  const cases =
    flags.case !== undefined
      ? [{ name: flags.case, scenario }]
      : fixedDoppler
        ? dmrsCases(scenario)
        : usualCases(scenario);
  return channel === undefined ? cases : cases.map((evaluation) => ({ ...evaluation, channel }));
}

/** Flags that change what the scenario draws. */
export type ScenarioFlags = Pick<
  EvaluationFlags,
  'doppler' | 'delaySpread' | 'prb' | 'dmrs' | 'dmrsType' | 'cdmGroups'
>;

export function changedScenario(flags: ScenarioFlags, base: Scenario): Scenario {
  const { doppler, delaySpread, prb, dmrs } = flags;
  const scenario = { ...base };
  if (doppler !== undefined) scenario.dopplerHz = parseRange('--doppler', doppler, 0, 'Hz');
  if (delaySpread !== undefined)
    scenario.delaySpreadNanoseconds = parseRange('--delay-spread', delaySpread, 1, 'ns');
  if (prb !== undefined)
    scenario.nPrb = parseAscending('--prb', prb, { least: 1, most: 273, example: '4,24' });
  if (dmrs.length > 0)
    scenario.dmrsSymbols = dmrs.map((set) =>
      parseAscending('--dmrs', set, { least: 0, most: 13, example: '2,11' }),
    );
  return { ...scenario, ...changedDmrsTypes(flags, base) };
}

function changedDmrsTypes(flags: ScenarioFlags, base: Scenario) {
  const { dmrsType, cdmGroups: groups } = flags;
  const dmrsTypes =
    dmrsType === undefined
      ? base.dmrsTypes
      : (parseAscending('--dmrs-type', dmrsType, { least: 1, most: 2, example: '1,2' }) as DmrsConfigType[]);
  const most = Math.max(...dmrsTypes.map(cdmGroups));
  const legal = { least: 1, most, example: '1,2' };
  const cdmGroupsWithoutData =
    groups === undefined
      ? base.cdmGroupsWithoutData
      : (parseAscending('--cdm-groups', groups, legal) as (1 | 2 | 3)[]);
  const least = Math.min(...cdmGroupsWithoutData);
  if (dmrsTypes.some((type) => cdmGroups(type) < least))
    throw invalid('--cdm-groups', '1 or 2 among them, for type 1', cdmGroupsWithoutData.join(','));
  return { dmrsTypes, cdmGroupsWithoutData };
}
