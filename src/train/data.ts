import { cdmGroups, type DmrsConfig } from '../nr/dmrs.js';
import { type Modulation, bitsPerSymbol } from '../nr/qam.js';
import { codewordOrder } from '../nr/resource-map.js';
import type { Random } from '../phy/random.js';
import type { TdlConfig } from '../phy/tdl/channel.js';
import { TDL_PROFILES } from '../phy/tdl/profiles.js';
import { type Slot, type SlotConfig, simulateSlot } from '../phy/slot.js';
import type { Scenario } from './config.js';

/** A training batch in the layout of the step graph, float32. */
export interface Batch {
  readonly batch: number;
  readonly nSym: number;
  readonly nSc: number;
  /** `[B, 2·nRx, nSym, nSc]` */
  readonly rxGrid: Float32Array;
  /** `[B, 2, nSym, nSc]` */
  readonly dmrs: Float32Array;
  /** 1 − 2b, `[B, Qm, nSym, nSc]`; 0 where a resource element carries no data. */
  readonly bitSigns: Float32Array;
  /** `[B, 1, nSym, nSc]`, 1 at data resource elements. */
  readonly weights: Float32Array;
  /** Number of data bits. */
  readonly bits: number;
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)] as T;
}

function between(random: Random, [low, high]: readonly number[]): number {
  return (low as number) + ((high as number) - (low as number)) * random.uniform();
}

/** A single type costs no draw, so that scenarios without this choice give the slots that they always gave. */
function drawDmrs(scenario: Scenario, random: Random): DmrsConfig {
  const { dmrsTypes, cdmGroupsWithoutData } = scenario;
  const configType = dmrsTypes.length > 1 ? pick(random, dmrsTypes) : (dmrsTypes[0] as 1 | 2);
  return {
    configType,
    symbolPositions: pick(random, scenario.dmrsSymbols),
    nId: random.integer(65_536),
    nScid: random.integer(2) as 0 | 1,
    slot: random.integer(20),
    cdmGroupsWithoutData: pick(
      random,
      cdmGroupsWithoutData.filter((groups) => groups <= cdmGroups(configType)),
    ),
  };
}

/** Every profile costs the same draws; those with delays in nanoseconds have no use for a delay spread. */
function drawChannelConfig(scenario: Scenario, random: Random): TdlConfig {
  const [shortest, longest] = scenario.delaySpreadNanoseconds.map(Math.log) as [number, number];
  const profile = pick(random, scenario.profiles);
  const delaySpreadSeconds = Math.exp(between(random, [shortest, longest])) * 1e-9;
  const dopplerHz = between(random, scenario.dopplerHz);
  const isScaled = TDL_PROFILES[profile].delayUnit === 'delaySpread';
  return { profile, dopplerHz, ...(isScaled && { delaySpreadSeconds }) };
}

/** Draws the configuration of one slot from a scenario. */
export function drawSlotConfig(
  scenario: Scenario,
  receiver: { readonly modulation: Modulation; readonly nRx: number; readonly nPrb: number },
  random: Random,
): SlotConfig {
  return {
    ...receiver,
    snrDb: between(random, scenario.snrDb),
    subcarrierSpacingHz: scenario.subcarrierSpacingHz,
    channel: drawChannelConfig(scenario, random),
    dmrs: drawDmrs(scenario, random),
  };
}

/** Writes a slot's bits, as signs on the grid, and its weights into row `row` of the batch. */
function placeTargets(slot: Slot, row: number, bitSigns: Float32Array, weights: Float32Array): void {
  const bitsPerRe = bitsPerSymbol(slot.modulation);
  const plane = slot.shape.nSym * slot.shape.nSc;
  codewordOrder(slot.dataMask).forEach((re, i) => {
    weights[row * plane + re] = 1;
    for (let b = 0; b < bitsPerRe; b++)
      bitSigns[(row * bitsPerRe + b) * plane + re] = 1 - 2 * (slot.bits[i * bitsPerRe + b] as number);
  });
}

/** Puts slots of one shape together. */
export function assembleBatch(slots: readonly Slot[]): Batch {
  const { shape, modulation } = slots[0] as Slot;
  const plane = shape.nSym * shape.nSc;
  const batch = slots.length;
  const rxGrid = new Float32Array(batch * 2 * shape.nRx * plane);
  const dmrs = new Float32Array(batch * 2 * plane);
  const bitSigns = new Float32Array(batch * bitsPerSymbol(modulation) * plane);
  const weights = new Float32Array(batch * plane);
  slots.forEach((slot, row) => {
    rxGrid.set(slot.rxGrid, row * slot.rxGrid.length);
    dmrs.set(slot.dmrs, row * slot.dmrs.length);
    placeTargets(slot, row, bitSigns, weights);
  });
  const bits = slots.reduce((sum, slot) => sum + slot.bits.length, 0);
  return { batch, nSym: shape.nSym, nSc: shape.nSc, rxGrid, dmrs, bitSigns, weights, bits };
}

/** Draws one batch. All of it follows from the generator's state. */
export function drawBatch(
  scenario: Scenario,
  {
    modulation,
    nRx,
    batch,
  }: { readonly modulation: Modulation; readonly nRx: number; readonly batch: number },
  random: Random,
): Batch {
  const nPrb = pick(random, scenario.nPrb);
  const slots = Array.from({ length: batch }, () =>
    simulateSlot(drawSlotConfig(scenario, { modulation, nRx, nPrb }, random), random),
  );
  return assembleBatch(slots);
}
