/** Receivers over SNR: out of an evaluation's folder, or a short evaluation of the report's own. */
import { invalid } from '../../errors.js';
import type { EvaluationCase } from '../../evaluate/cases.js';
import { evaluateReceivers } from '../../evaluate/evaluate.js';
import { halfRateMcs } from '../../evaluate/link.js';
import type { EvaluationPoint } from '../../evaluate/point.js';
import type { ReceiverSpec } from '../../evaluate/receiver-spec.js';
import { CONVENTIONAL } from '../../evaluate/receivers.js';
import { readResults } from '../../evaluate/results.js';
import { workerRunner } from '../../evaluate/worker-runner.js';
import type { Modulation } from '../../nr/qam.js';
import { mcsEntry } from '../../phy/coding/index.js';
import type { SlotConfig } from '../../phy/slot.js';
import { parseTrainConfig, type Scenario } from '../../train/config.js';
import type { Progress } from '../section.js';
import type { Subject } from '../subject.js';
import { furtherPrb, MODEL_NAME } from './receivers.js';

export interface EvaluationChoice {
  /** A folder that `evaluate --out` wrote, or JSON that `evaluate` printed: its points are shown. */
  readonly results?: string | undefined;
  /** Without results: slots for each SNR of a short evaluation. None at 0. */
  readonly slots: number;
  /** Threads of that evaluation. */
  readonly workers: number;
}

export interface Evaluated {
  readonly points: readonly EvaluationPoint[];
  /** Where they come from, and the code. */
  readonly caption: string;
}

/** Where a code of rate 1/2 starts to work with two antennas, about; the SNRs lie around it. */
const CENTRE_DB: Readonly<Record<Modulation, number>> = { QPSK: 1, '16QAM': 7, '64QAM': 13, '256QAM': 19 };
const OFFSETS_DB = [-6, -3, 0, 3, 6, 9, 12];
/** What one antenna costs against two, about. */
const ONE_ANTENNA_DB = 4;
const SEED = 1;

/** @throws INVALID_ARGUMENT when the results are of another model */
export async function evaluated(
  subject: Subject,
  choice: EvaluationChoice,
  progress: Progress,
): Promise<Evaluated | undefined> {
  if (choice.results !== undefined) return resultsOf(subject, choice.results);
  return choice.slots === 0 ? undefined : shortEvaluation(subject, choice, progress);
}

function resultsOf({ model }: Subject, path: string): Evaluated {
  const { points, receivers } = readResults(path);
  if (receivers !== undefined && receivers.every(({ sha256 }) => sha256 !== model.sha256))
    throw invalid(`--evaluation ${path}`, `one of ${model.title} with SHA-256 ${model.sha256}`, 'another');
  const counts = points.map(({ slots }) => slots);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  const slots = fewest === most ? String(most) : `${fewest} to ${most}`;
  return { points, caption: `${model.modulation}, ${model.contract.nRx} Rx, ${slots} slots for each SNR` };
}

async function shortEvaluation(
  subject: Subject,
  { slots, workers }: EvaluationChoice,
  progress: Progress,
): Promise<Evaluated> {
  const { modulation, contract, bytes } = subject.model;
  const { nRx } = contract;
  const { table, index } = halfRateMcs(modulation);
  const mcs = mcsEntry(table, index);
  const centre = CENTRE_DB[modulation] + (nRx === 1 ? ONE_ANTENNA_DB : 0);
  const runner = await workerRunner(specsOf(bytes), workers);
  try {
    const points = await evaluateReceivers({
      runner,
      cases: [caseOf(subject)],
      snrsDb: OFFSETS_DB.map((offset) => centre + offset),
      link: { modulation, nRx, mcs },
      slots,
      seed: SEED,
      onPoint: ({ snrDb }) => progress(`short evaluation: ${snrDb} dB`),
    });
    const code = `MCS ${index} of table ${table} (R = ${mcs.targetCodeRate.toFixed(2)})`;
    return { points, caption: `${modulation}, ${nRx} Rx, ${code}, ${slots} slots for each SNR` };
  } finally {
    await runner.close();
  }
}

function specsOf(bytes: Uint8Array): ReceiverSpec[] {
  const kinds = ['ls-lmmse', 'lmmse', 'perfect-csi'] as const;
  return [
    { kind: 'model', name: MODEL_NAME, bytes },
    ...kinds.map((kind) => ({ kind, name: CONVENTIONAL[kind] })),
  ];
}

/** Slots of the kind of the report's own; beside a dump what the model was trained on. */
export function caseOf(subject: Subject): EvaluationCase {
  const { model, slot } = subject;
  const usual = model.training?.data ?? parseTrainConfig({ name: 'report', version: '1' }).data;
  if (slot.simulated === undefined) return { name: 'scenario of the training', scenario: usual };
  const { config } = slot.simulated;
  const scenario = { ...usual, ...ofConfig(config), nPrb: [furtherPrb(subject)] };
  if (typeof config.channel === 'string')
    return { name: nameOf(config, config.channel.toUpperCase()), scenario, channel: config.channel };
  const { profile, delaySpreadSeconds, dopplerHz } = config.channel;
  const delayNs = delaySpreadSeconds === undefined ? undefined : Math.round(delaySpreadSeconds * 1e12) / 1e3;
  const spread = delayNs === undefined ? '' : `, ${delayNs} ns`;
  return {
    name: nameOf(config, `${profile}${spread}, ${dopplerHz} Hz`),
    scenario: {
      ...scenario,
      profiles: [profile],
      dopplerHz: [dopplerHz, dopplerHz],
      ...(delayNs !== undefined && { delaySpreadNanoseconds: [delayNs, delayNs] as [number, number] }),
    },
  };
}

function nameOf({ dmrs }: SlotConfig, channel: string): string {
  return `${channel}, DMRS ${dmrs.symbolPositions.join(', ')}`;
}

function ofConfig({ dmrs, subcarrierSpacingHz = 30_000 }: SlotConfig): Partial<Scenario> {
  return {
    dmrsSymbols: [[...dmrs.symbolPositions]],
    dmrsTypes: [dmrs.configType],
    cdmGroupsWithoutData: [dmrs.cdmGroupsWithoutData],
    subcarrierSpacingHz,
  };
}
