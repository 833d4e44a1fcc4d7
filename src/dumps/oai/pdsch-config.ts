/** `pdsch_cfg.txt` of an OAI bundle: where in the slot the PDSCH is, and its scrambling. */
import { invalid } from '../../errors.js';
import type { DmrsConfig } from '../../nr/dmrs.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';
import { formatKeyValues, type Keys, type KeyValues, readKeyValues } from './key-values.js';

/** Largest G that a codeword of one layer can have: 275 PRB, 14 symbols, 256QAM. */
export const MAX_G = 275 * 12 * 14 * 8;

const REQUIRED = {
  frame: [0, 1023],
  slot: [0, 639],
  /** Codeword q; the second one needs more than four layers. */
  dlsch_id: [0, 0],
  harq_pid: [0, 31],
  rnti: [0, 65_535],
  G: [1, MAX_G],
  dlDataScramblingId: [0, 1023],
  physCellId: [0, 1007],
  /** Bit l: symbol l of the slot carries DMRS. */
  dlDmrsSymbPos: [1, 0x3fff],
  /** 0: type 1, 1: type 2. */
  dmrsConfigType: [0, 1],
  /** CDM groups without data. */
  n_dmrs_cdm_groups: [1, 3],
  BWPStart: [0, 274],
  start_rb: [0, 274],
  number_rbs: [1, 275],
  start_symbol: [0, 13],
  number_symbols: [1, 14],
} as const satisfies Keys<string>;

/** Later dumps have them; without them the DMRS are scrambled with `physCellId` and 0. */
const OPTIONAL = { dlDmrsScramblingId: [0, 65_535], nscid: [0, 1] } as const satisfies Keys<string>;

export type PdschConfig = KeyValues<keyof typeof REQUIRED, keyof typeof OPTIONAL>;

export const PDSCH_FILE = 'pdsch_cfg.txt';
/** RNTI of system information, TS 38.321 Table 7.1-1. */
const SI_RNTI = 65_535;

/** Symbols of the slot that carry DMRS. */
function dmrsSymbols({ dlDmrsSymbPos }: PdschConfig): number[] {
  return Array.from({ length: 14 }, (_, symbol) => symbol).filter((symbol) => (dlDmrsSymbPos >> symbol) & 1);
}

/** @throws INVALID_ARGUMENT that names the file and the key. */
export function readPdschConfig(files: DumpFiles): PdschConfig {
  const config = readKeyValues(files, PDSCH_FILE, REQUIRED, OPTIONAL);
  inFile(files.pathOf(PDSCH_FILE), () => checkSymbols(config));
  return config;
}

function checkSymbols(config: PdschConfig): void {
  const { start_symbol: first, number_symbols: count, n_dmrs_cdm_groups: groups } = config;
  if (first + count > 14)
    throw invalid('number_symbols', `at most ${14 - first} from symbol ${first} on`, String(count));
  const outside = dmrsSymbols(config).find((symbol) => symbol < first || symbol >= first + count);
  if (outside !== undefined)
    throw invalid('dlDmrsSymbPos', `bits ${first} to ${first + count - 1} only`, `bit ${outside}`);
  if (config.dmrsConfigType === 0 && groups === 3)
    throw invalid('n_dmrs_cdm_groups', '1 or 2 with dmrsConfigType 0', '3');
}

export function formatPdschConfig(config: PdschConfig): string {
  const order = [...Object.keys(REQUIRED), ...Object.keys(OPTIONAL)] as (keyof PdschConfig)[];
  return formatKeyValues(order, config);
}

/** β_DMRS of TS 38.214 Table 4.1-1: pilots have the power of the CDM groups that are kept free for them. */
export function dmrsAmplitude(cdmGroupsWithoutData: number): number {
  return Math.sqrt(cdmGroupsWithoutData);
}

/**
 * The DMRS of a bundle: antenna port 1000. The sequence counts resource blocks from common resource block 0, which
 * is taken to be the carrier's lowest; for system information from the lowest one of CORESET 0, where its
 * bandwidth part starts (TS 38.211 §7.4.1.1.2).
 * @param symbolsPerSlot of the full grid.
 */
export function dmrsConfigOf(config: PdschConfig, symbolsPerSlot: 12 | 14): DmrsConfig {
  const groups = config.n_dmrs_cdm_groups as 1 | 2 | 3;
  return {
    configType: config.dmrsConfigType === 0 ? 1 : 2,
    symbolPositions: dmrsSymbols(config),
    nId: config.dlDmrsScramblingId ?? config.physCellId,
    nScid: (config.nscid ?? 0) as 0 | 1,
    slot: config.slot,
    cdmGroupsWithoutData: groups,
    scale: dmrsAmplitude(groups),
    startRb: config.start_rb + (config.rnti === SI_RNTI ? 0 : config.BWPStart),
    startSymbol: config.start_symbol,
    symbolsPerSlot,
  };
}
