/**
 * Demodulation reference signals of PDSCH (TS 38.211 §7.4.1.1) and of PUSCH with CP-OFDM (§6.4.1.1):
 * single-symbol DMRS, configuration types 1 and 2, one antenna port.
 */
import { invalid } from '../errors.js';
import { goldSequence } from './gold.js';
import { type PlaneShape, requireInteger, requirePlaneShape, SUBCARRIERS_PER_RB } from './shape.js';

export type DmrsConfigType = 1 | 2;

export interface DmrsConfig {
  readonly configType: DmrsConfigType;
  /** OFDM symbols that carry DMRS, numbered in the slot, strictly ascending. */
  readonly symbolPositions: readonly number[];
  /** Scrambling identity N_ID^{n_SCID}, 0 … 65535. */
  readonly nId: number;
  /** Sequence initialisation n_SCID. */
  readonly nScid: 0 | 1;
  /** Slot number in the radio frame, n_s,f^µ. */
  readonly slot: number;
  /** CDM groups that carry no data in DMRS symbols: 1 or 2 for type 1, 1 … 3 for type 2. */
  readonly cdmGroupsWithoutData: 1 | 2 | 3;
  /** Pilot amplitude β_DMRS relative to unit-energy data symbols. Default 1. */
  readonly scale?: number;
  /** Lowest resource block of the grid, counted from common resource block 0. Default 0. */
  readonly startRb?: number;
  /** Antenna port p − 1000 (PDSCH), or p (PUSCH): 0 … 3 for type 1, 0 … 5 for type 2. Default 0. */
  readonly port?: number;
  /** Number in the slot of the grid's first symbol. Default 0. */
  readonly startSymbol?: number;
  /** N_symb^slot: 14, or 12 with extended cyclic prefix. Default 14. */
  readonly symbolsPerSlot?: 12 | 14;
}

/** CDM groups of a configuration type, TS 38.211 Tables 7.4.1.1.2-1 and -2. */
export function cdmGroups(configType: DmrsConfigType): 2 | 3 {
  return configType === 1 ? 2 : 3;
}

/** The CDM group that owns subcarrier `sc`, TS 38.211 §7.4.1.1.2. */
export function cdmGroupOf(configType: DmrsConfigType, sc: number): number {
  return configType === 1 ? sc % 2 : (sc % 6) >> 1;
}

/** c_init of TS 38.211 §7.4.1.1.1 and §6.4.1.1.1.1, with λ = 0 (no Rel-16 low-PAPR sequence). */
export function dmrsCInit(
  config: Pick<DmrsConfig, 'nId' | 'nScid' | 'slot' | 'symbolsPerSlot'>,
  symbol: number,
): number {
  const count = (config.symbolsPerSlot ?? 14) * config.slot + symbol + 1;
  return (2 ** 17 * count * (2 * config.nId + 1) + 2 * config.nId + config.nScid) % 2 ** 31;
}

function validatePositions(config: DmrsConfig, nSym: number, field: string): void {
  const first = config.startSymbol ?? 0;
  const { symbolPositions } = config;
  if (symbolPositions.length === 0) {
    throw invalid(`${field}.symbolPositions`, 'at least one symbol', 'none');
  }
  symbolPositions.forEach((symbol, i) => {
    requireInteger(`${field}.symbolPositions[${i}]`, symbol, first, first + nSym - 1);
    if (i > 0 && symbol <= (symbolPositions[i - 1] ?? 0)) {
      throw invalid(
        `${field}.symbolPositions`,
        'strictly ascending symbol numbers',
        symbolPositions.join(', '),
      );
    }
  });
}

/**
 * @param field path that error messages start with.
 * @throws INVALID_ARGUMENT that names the first field that does not fit.
 */
export function validateDmrsConfig(config: DmrsConfig, shape: PlaneShape, field = 'dmrs'): void {
  requirePlaneShape(shape);
  requireInteger(`${field}.configType`, config.configType, 1, 2);
  const groups = cdmGroups(config.configType);
  const port = config.port ?? 0;
  const symbolsPerSlot = config.symbolsPerSlot ?? 14;
  const scale = config.scale ?? 1;
  if (symbolsPerSlot !== 12 && symbolsPerSlot !== 14) {
    throw invalid(`${field}.symbolsPerSlot`, '12 or 14', String(symbolsPerSlot));
  }
  requireInteger(`${field}.startSymbol`, config.startSymbol ?? 0, 0, symbolsPerSlot - shape.nSym);
  validatePositions(config, shape.nSym, field);
  requireInteger(`${field}.nId`, config.nId, 0, 65535);
  requireInteger(`${field}.nScid`, config.nScid, 0, 1);
  requireInteger(`${field}.slot`, config.slot, 0, 639);
  requireInteger(`${field}.startRb`, config.startRb ?? 0, 0, 2473);
  requireInteger(`${field}.port`, port, 0, 2 * groups - 1);
  requireInteger(`${field}.cdmGroupsWithoutData`, config.cdmGroupsWithoutData, (port >> 1) + 1, groups);
  if (!(Number.isFinite(scale) && scale > 0)) {
    throw invalid(`${field}.scale`, 'a positive number', String(scale));
  }
}

/** Subcarriers of a port within one resource block, in the order of r(m), TS 38.211 §7.4.1.1.2. */
function pilotOffsets(configType: DmrsConfigType, port: number): readonly number[] {
  const group = port >> 1;
  return configType === 1
    ? [0, 2, 4, 6, 8, 10].map((k) => k + group)
    : [0, 1, 6, 7].map((k) => k + 2 * group);
}

/**
 * The pilot grid of a configuration.
 * @returns `[2, nSym, nSc]` float32 (re plane, im plane), zero where there is no pilot.
 * @throws INVALID_ARGUMENT that names the first field that does not fit.
 */
export function dmrsGrid(config: DmrsConfig, shape: PlaneShape, field = 'dmrs'): Float32Array<ArrayBuffer> {
  validateDmrsConfig(config, shape, field);
  const { nSym, nSc } = shape;
  const plane = nSym * nSc;
  const grid = new Float32Array(2 * plane);
  const port = config.port ?? 0;
  const offsets = pilotOffsets(config.configType, port);
  const amplitude = (config.scale ?? 1) * Math.SQRT1_2;
  const nRb = nSc / SUBCARRIERS_PER_RB;
  const firstPilot = (config.startRb ?? 0) * offsets.length;
  for (const symbol of config.symbolPositions) {
    const c = goldSequence(dmrsCInit(config, symbol), 2 * (firstPilot + nRb * offsets.length));
    const row = (symbol - (config.startSymbol ?? 0)) * nSc;
    for (let m = 0; m < nRb * offsets.length; m++) {
      const rb = Math.floor(m / offsets.length);
      const re = row + rb * SUBCARRIERS_PER_RB + (offsets[m % offsets.length] ?? 0);
      // Frequency-domain cover code w_f(k′): +1, or −1 at k′ = 1 on odd ports.
      const value = port % 2 === 1 && m % 2 === 1 ? -amplitude : amplitude;
      const n = 2 * (firstPilot + m);
      grid[re] = c[n] === 1 ? -value : value;
      grid[plane + re] = c[n + 1] === 1 ? -value : value;
    }
  }
  return grid;
}
