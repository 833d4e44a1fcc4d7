/** A bundle: the folder in which OpenAirInterface's UE, or our simulator, leaves one PDSCH slot. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '../../errors.js';
import { dmrsGrid } from '../../nr/dmrs.js';
import { bitsPerSymbol } from '../../nr/qam.js';
import { codewordOrder, dataMask } from '../../nr/resource-map.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import { estimateNoise } from '../../phy/noise-estimate.js';
import type { DumpedSlot } from '../dumped-slot.js';
import { inFile, readWhole } from '../in-file.js';
import {
  type Allocation,
  extractAllocation,
  formatFullGrid,
  type FullGrid,
  GRID_FILE,
  readFullGrid,
} from './full-grid.js';
import {
  formatLdpcConfig,
  LDPC_FILE,
  type LdpcConfig,
  modulationOfBundle,
  readLdpcConfig,
} from './ldpc-config.js';
import {
  dmrsConfigOf,
  formatPdschConfig,
  PDSCH_FILE,
  type PdschConfig,
  readPdschConfig,
} from './pdsch-config.js';

export const LLR_FILE = 'demapper_llr_f32.bin';
export const BITS_FILE = 'txbits.bin';

export interface OaiBundle {
  readonly grid: FullGrid;
  readonly pdsch: PdschConfig;
  readonly ldpc: LdpcConfig;
  /** The dump's own LLRs `[G]`, before unscrambling, positive = 0, in a scale of their own. */
  readonly llrs?: Float32Array<ArrayBuffer>;
  /** The transport block sent, `[A]`, one bit a byte. */
  readonly payload?: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the folder and checks that its files agree.
 * @throws INVALID_ARGUMENT that names the file, the field, what was expected and what came.
 */
export function readOaiBundle(folder: string): OaiBundle {
  const pdsch = readPdschConfig(join(folder, PDSCH_FILE));
  const ldpc = readLdpcConfig(join(folder, LDPC_FILE), pdsch);
  const grid = readFullGrid(join(folder, GRID_FILE));
  inFile(join(folder, GRID_FILE), () => checkHeader(grid, pdsch));
  inFile(join(folder, PDSCH_FILE), () => checkAllocation(grid, pdsch));
  const llrFile = join(folder, LLR_FILE);
  const bitsFile = join(folder, BITS_FILE);
  return {
    grid,
    pdsch,
    ldpc,
    ...(existsSync(llrFile) && { llrs: readLlrs(llrFile, ldpc.G) }),
    ...(existsSync(bitsFile) && { payload: readPayload(bitsFile, ldpc.A) }),
  };
}

/** The header repeats parts of the configuration; its G is what fits into 16 bits. */
function checkHeader({ header }: FullGrid, pdsch: PdschConfig): void {
  for (const key of ['frame', 'slot', 'start_symbol', 'number_symbols'] as const)
    if (header[key] !== pdsch[key])
      throw invalid(`header ${key}`, `${pdsch[key]}, as in ${PDSCH_FILE}`, String(header[key]));
  if (header.G !== (pdsch.G & 0xffff))
    throw invalid('header G', `${pdsch.G & 0xffff} (G of ${PDSCH_FILE} modulo 65536)`, String(header.G));
}

function checkAllocation({ header }: FullGrid, pdsch: PdschConfig): void {
  const { BWPStart, start_rb: startRb, number_rbs: nPrb, start_symbol: first, number_symbols: count } = pdsch;
  const carrier = header.used_sc / SUBCARRIERS_PER_RB;
  const end = BWPStart + startRb + nPrb;
  if (end > carrier)
    throw invalid(
      'number_rbs',
      `BWPStart + start_rb + number_rbs of at most ${carrier}, the carrier of ${GRID_FILE}`,
      `${BWPStart} + ${startRb} + ${nPrb}`,
    );
  if (first + count > header.n_sym)
    throw invalid(
      'number_symbols',
      `at most ${header.n_sym - first}, the slot of ${GRID_FILE}`,
      String(count),
    );
}

function readLlrs(file: string, count: number): Float32Array<ArrayBuffer> {
  const bytes = readWhole(file, 4 * count);
  if (bytes.length !== 4 * count)
    throw invalid(`${file}: size`, `4 x G = ${4 * count} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const llrs = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  const bad = llrs.findIndex((llr) => !Number.isFinite(llr));
  if (bad >= 0) throw invalid(`${file}: value ${bad}`, 'a finite number', String(llrs[bad]));
  return llrs;
}

/** Bits packed into bytes, the first one as the most significant, as one bit a byte. */
function readPayload(file: string, count: number): Uint8Array<ArrayBuffer> {
  const bytes = readWhole(file, count / 8);
  if (bytes.length !== count / 8)
    throw invalid(`${file}: size`, `A/8 = ${count / 8} bytes`, `${bytes.length} bytes`);
  return Uint8Array.from({ length: count }, (_, i) => ((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1);
}

function packBits(bits: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >> 3] = (bytes[i >> 3] as number) | (bit << (7 - (i & 7)));
  });
  return bytes;
}

function llrBytes(llrs: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * llrs.length);
  const view = new DataView(bytes.buffer);
  llrs.forEach((llr, i) => view.setFloat32(4 * i, llr, true));
  return bytes;
}

/**
 * Writes the folder's files; an optional one that the bundle lacks is removed.
 * @returns their paths.
 */
export function writeOaiBundle(folder: string, bundle: OaiBundle): string[] {
  const files: readonly (readonly [string, string | Uint8Array | undefined])[] = [
    [GRID_FILE, formatFullGrid(bundle.grid)],
    [PDSCH_FILE, formatPdschConfig(bundle.pdsch)],
    [LDPC_FILE, formatLdpcConfig(bundle.ldpc)],
    [LLR_FILE, bundle.llrs && llrBytes(bundle.llrs)],
    [BITS_FILE, bundle.payload && packBits(bundle.payload)],
  ];
  mkdirSync(folder, { recursive: true });
  return files.flatMap(([name, content]) => {
    const path = join(folder, name);
    if (content === undefined) rmSync(path, { force: true });
    else writeFileSync(path, content);
    return content === undefined ? [] : [path];
  });
}

/** Where the PDSCH lies in the full grid. */
export function allocationOf(pdsch: PdschConfig): Allocation {
  return {
    startSymbol: pdsch.start_symbol,
    nSym: pdsch.number_symbols,
    startRb: pdsch.BWPStart + pdsch.start_rb,
    nPrb: pdsch.number_rbs,
  };
}

/**
 * The PDSCH as a receiver sees it: its resource blocks and symbols only.
 * @param folder for messages.
 * @throws INVALID_ARGUMENT that names the file and the field, when G is not what the data REs hold, or when nothing
 *   was received.
 */
export function slotOfBundle({ grid, pdsch, ldpc }: OaiBundle, folder: string): DumpedSlot {
  const allocation = allocationOf(pdsch);
  const shape = { nRx: 1, nSym: allocation.nSym, nSc: allocation.nPrb * SUBCARRIERS_PER_RB };
  const config = { dmrs: dmrsConfigOf(pdsch, grid.header.n_sym as 12 | 14) };
  const modulation = modulationOfBundle(ldpc);
  const { dmrs, mask } = inFile(join(folder, PDSCH_FILE), () => {
    const pilots = dmrsGrid(config.dmrs, shape);
    const data = dataMask(pilots, shape, config.dmrs);
    checkCodedBits(codewordOrder(data).length, bitsPerSymbol(modulation), pdsch.G);
    return { dmrs: pilots, mask: data };
  });
  const rxGrid = extractAllocation(grid, allocation);
  const noise = inFile(join(folder, GRID_FILE), () => estimateNoise({ shape, rxGrid, dmrs }));
  const name = `frame ${pdsch.frame} slot ${pdsch.slot}`;
  return { name, shape, rxGrid, dmrs, dataMask: mask, modulation, config, ...noise };
}

function checkCodedBits(dataRes: number, qm: number, g: number): void {
  if (dataRes * qm === g) return;
  const expected = `${dataRes * qm} (${dataRes} data REs x Qm ${qm}; PT-RS and CSI-RS in the allocation are not supported)`;
  throw invalid('G', expected, String(g));
}
