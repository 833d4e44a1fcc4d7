/** Bundles from the simulator: a slot with a coded transport block, written as OAI's UE would leave it. */
import { invalid } from '../../errors.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import {
  type CodedTransmission,
  encodeTransportBlock,
  limitedBufferBits,
  type McsTable,
  mcsEntry,
} from '../../phy/coding/index.js';
import type { Random } from '../../phy/random.js';
import { type Slot, type SlotConfig, simulateSlot } from '../../phy/slot.js';
import { slotTransmission } from '../../phy/slot-transmission.js';
import { allocationOf, type OaiBundle } from './bundle.js';
import { forEachRe, type FullGrid } from './full-grid.js';
import { ldpcConfigOf } from './ldpc-config.js';
import { dmrsAmplitude, type PdschConfig } from './pdsch-config.js';

export interface SimulatedBundle {
  /** One antenna, antenna port 1000, pilots in the power of TS 38.214 Table 4.1-1. */
  readonly slot: SlotConfig;
  readonly mcs: { readonly table: McsTable; readonly index: number };
  /** Resource blocks of the carrier. Default: up to the allocation's last one. */
  readonly carrierPrb?: number;
  /** First resource block of the bandwidth part; the allocation lies behind it. Default 0. */
  readonly bwpStart?: number;
  /** Default 0. */
  readonly frame?: number;
  /** Default 0x1234, as OAI's test mode. */
  readonly rnti?: number;
}

/** RMS of the samples, in units of the int16: about OAI's amplitude. */
const RMS = 512;
const INT16_MAX = 32_767;
const DEFAULT_RNTI = 0x1234;

/** The smallest power of two that holds the carrier: OAI's FFT sizes from 128 to 4096. */
function fftSizeFor(carrierPrb: number): number {
  const needed = Math.max(128, carrierPrb * SUBCARRIERS_PER_RB);
  return 2 ** Math.ceil(Math.log2(needed));
}

/** @throws INVALID_ARGUMENT for what a bundle has no place for. */
function requireRepresentable({ nRx, dmrs }: SlotConfig): void {
  const { port = 0, scale = 1, cdmGroupsWithoutData: groups } = dmrs;
  if (nRx !== 1) throw invalid('nRx', '1: a bundle holds one antenna', String(nRx));
  if (port !== 0) throw invalid('dmrs.port', '0: a bundle names no other', String(port));
  if (Math.abs(scale - dmrsAmplitude(groups)) > 1e-6) {
    const expected = `${dmrsAmplitude(groups)} with ${groups} CDM groups without data (TS 38.214 Table 4.1-1)`;
    throw invalid('dmrs.scale', expected, String(scale));
  }
}

/**
 * Simulates a slot with a transport block and lays it into the grid of a carrier, empty but for it. Samples are
 * scaled to an RMS of 512, less if the strongest would not fit an int16.
 * @throws INVALID_ARGUMENT that names the field that does not fit.
 */
export function simulateOaiBundle(options: SimulatedBundle, random: Random): OaiBundle {
  const { slot: config, mcs } = options;
  requireRepresentable(config);
  const carrierPrb = options.carrierPrb ?? (config.dmrs.startRb ?? 0) + config.nPrb;
  const transmission = transmissionFor(config, mcs, carrierPrb, options.rnti ?? DEFAULT_RNTI);
  const payload = random.fork('payload').bits(transmission.transportBlockSize);
  const slot = simulateSlot(config, random, encodeTransportBlock(payload, transmission));
  const pdsch = pdschConfigOf(options, transmission);
  return {
    grid: gridOf(slot, pdsch, carrierPrb),
    pdsch,
    ldpc: ldpcConfigOf(transmission, mcs.index),
    payload,
  };
}

function transmissionFor(
  config: SlotConfig,
  { table, index }: SimulatedBundle['mcs'],
  carrierPrb: number,
  rnti: number,
): CodedTransmission {
  const entry = mcsEntry(table, index);
  if (entry.modulation !== config.modulation)
    throw invalid(
      'mcs',
      `an index of ${config.modulation} in table ${table}`,
      `${index} (${entry.modulation})`,
    );
  const modulation = table === 2 ? '256QAM' : '64QAM';
  return {
    ...slotTransmission(config, entry, { rnti, nId: config.dmrs.nId % 1024 }),
    limitedBufferBits: limitedBufferBits({ nPrb: carrierPrb, layers: 1, modulation }),
  };
}

function pdschConfigOf(
  { slot: config, bwpStart = 0, frame = 0 }: SimulatedBundle,
  transmission: CodedTransmission,
): PdschConfig {
  const { dmrs, nPrb, nSym = 14 } = config;
  const startRb = (dmrs.startRb ?? 0) - bwpStart;
  if (startRb < 0)
    throw invalid('dmrs.startRb', `at least ${bwpStart}, the bandwidth part`, String(dmrs.startRb));
  const ownScrambling = dmrs.nId > 1007 || dmrs.nScid !== 0;
  return {
    frame,
    slot: dmrs.slot,
    dlsch_id: 0,
    harq_pid: 0,
    rnti: transmission.rnti,
    G: transmission.codedBits,
    dlDataScramblingId: transmission.nId,
    physCellId: ownScrambling ? 0 : dmrs.nId,
    dlDmrsSymbPos: dmrs.symbolPositions.reduce((bits, symbol) => bits | (1 << symbol), 0),
    dmrsConfigType: dmrs.configType - 1,
    n_dmrs_cdm_groups: dmrs.cdmGroupsWithoutData,
    BWPStart: bwpStart,
    start_rb: startRb,
    number_rbs: nPrb,
    start_symbol: dmrs.startSymbol ?? 0,
    number_symbols: nSym,
    ...(ownScrambling && { dlDmrsScramblingId: dmrs.nId, nscid: dmrs.nScid }),
  };
}

function gridOf({ rxGrid, shape, config }: Slot, pdsch: PdschConfig, carrierPrb: number): FullGrid {
  const allocation = allocationOf(pdsch);
  const used = carrierPrb * SUBCARRIERS_PER_RB;
  if (allocation.startRb + allocation.nPrb > carrierPrb) {
    const last = allocation.startRb + allocation.nPrb;
    throw invalid('carrierPrb', `at least ${last}: the allocation ends there`, String(carrierPrb));
  }
  const fftSize = fftSizeFor(carrierPrb);
  const header = {
    frame: pdsch.frame,
    slot: pdsch.slot,
    start_symbol: pdsch.start_symbol,
    n_sym: config.dmrs.symbolsPerSlot ?? 14,
    first_sc: (fftSize - used) / 2,
    used_sc: used,
    number_symbols: pdsch.number_symbols,
    G: pdsch.G & 0xffff,
  };
  const samples = new Int16Array(2 * header.n_sym * fftSize);
  const scale = sampleScale(rxGrid);
  const plane = shape.nSym * shape.nSc;
  forEachRe({ header, fftSize }, allocation, (re, sample) => {
    samples[2 * sample] = Math.round(scale * (rxGrid[re] as number));
    samples[2 * sample + 1] = Math.round(scale * (rxGrid[plane + re] as number));
  });
  return { header, fftSize, samples };
}

/** From a grid's units to those of the int16. */
function sampleScale(rxGrid: Float32Array): number {
  let energy = 0;
  let peak = 0;
  for (const value of rxGrid) {
    energy += value * value;
    peak = Math.max(peak, Math.abs(value));
  }
  return Math.min(RMS / Math.sqrt((2 * energy) / rxGrid.length), INT16_MAX / peak);
}
