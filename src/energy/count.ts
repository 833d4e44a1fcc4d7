/** Counts what models do on held-out slots. */
import { SUBCARRIERS_PER_RB } from '../nr/shape.js';
import { Random } from '../phy/random.js';
import { type Slot, simulateSlot } from '../phy/slot.js';
import type { ModelSource } from '../evaluate/sources.js';
import { drawSlotConfig } from '../train/data.js';
import { PICOJOULES } from './cost.js';
import { requiredSnrs } from './error-rates.js';
import type { GridSize } from './geometry.js';
import { ActivityMeter } from './meter.js';
import { type EnergyReport, energyPoint, type ModelEnergy } from './report.js';
import type { EnergySettings } from './settings.js';
import { emptyTally, pooled } from './tally.js';

/** OFDM symbols of a slot with normal cyclic prefix. */
const SYMBOLS = 14;

function gridOf({ receiver }: EnergySettings): GridSize {
  return { nSym: SYMBOLS, nSc: SUBCARRIERS_PER_RB * receiver.nPrb };
}

type SlotSource = Pick<EnergySettings, 'scenario' | 'receiver' | 'seed'>;

/** Slot `index` at an SNR: the same for every model, from streams that training never draws from. */
export function energySlot({ scenario, receiver, seed }: SlotSource, snrDb: number, index: number): Slot {
  const random = Random.fromSeed(seed).fork('held-out').fork('energy').fork(String(snrDb)).fork(index);
  const fixed = { ...scenario, snrDb: [snrDb, snrDb] as [number, number] };
  return simulateSlot(drawSlotConfig(fixed, receiver, random), random);
}

async function countModel(
  { spec, title, sha256 }: ModelSource,
  settings: EnergySettings,
  onPoint: (line: string) => void,
): Promise<Omit<ModelEnergy, 'requiredSnrDb'>> {
  const grid = gridOf(settings);
  const meter = await ActivityMeter.open(spec.bytes);
  try {
    const tallies = [];
    for (const snrDb of settings.snrsDb) {
      const tally = emptyTally(meter.layers);
      for (let i = 0; i < settings.slots; i++) await meter.measure(energySlot(settings, snrDb, i), tally);
      onPoint(`${spec.name}: ${snrDb} dB, ${tally.slots} slots`);
      tallies.push({ snrDb, tally });
    }
    const spiking = meter.layers.filter(({ steps }) => steps.length > 0);
    const all = pooled(tallies.map(({ tally }) => tally));
    return {
      name: spec.name,
      title,
      sha256,
      kind: spiking.length > 0 ? 'spiking' : 'ann',
      timeSteps: Math.max(1, ...spiking.map(({ steps }) => steps.length)),
      parts: tallies.map(({ snrDb, tally }) => energyPoint(snrDb, meter.layers, grid, tally)),
      pooled: energyPoint(null, meter.layers, grid, all),
    };
  } finally {
    await meter.release();
  }
}

/**
 * Counts all models on the same slots.
 * @param onPoint is told of each finished SNR
 * @throws FAILED_PRECONDITION when the operations of a model cannot be counted
 */
export async function countEnergy(
  settings: EnergySettings,
  onPoint: (line: string) => void = () => {},
): Promise<EnergyReport> {
  const named = settings.models.map(({ spec, sha256 }) => ({ name: spec.name, sha256 }));
  const required = requiredSnrs(settings.evaluations, named);
  const models: ModelEnergy[] = [];
  for (const [i, model] of settings.models.entries())
    models.push({ ...(await countModel(model, settings, onPoint)), requiredSnrDb: required[i] ?? {} });
  return { caption: settings.caption, grid: gridOf(settings), picojoules: PICOJOULES, models };
}
