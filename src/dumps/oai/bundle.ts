/** A bundle: the files in which OpenAirInterface's UE, or our simulator, leaves one PDSCH slot. */
import { invalid } from '../../errors.js';
import { dmrsGrid } from '../../nr/dmrs.js';
import { bitsPerSymbol } from '../../nr/qam.js';
import { codewordOrder, dataMask } from '../../nr/resource-map.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import { estimateNoise } from '../../phy/noise-estimate.js';
import type { DumpedSlot } from '../dumped-slot.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';
import { type Allocation, extractAllocation, type FullGrid, GRID_FILE, readFullGrid } from './full-grid.js';
import { type LdpcConfig, modulationOfBundle, readLdpcConfig } from './ldpc-config.js';
import { dmrsConfigOf, PDSCH_FILE, type PdschConfig, readPdschConfig } from './pdsch-config.js';

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
 * Reads the files and checks that they agree.
 * @throws INVALID_ARGUMENT that names the file, the field, what was expected and what came.
 */
export function readBundleFiles(files: DumpFiles): OaiBundle {
  const pdsch = readPdschConfig(files);
  const ldpc = readLdpcConfig(files, pdsch);
  const grid = readFullGrid(files);
  inFile(files.pathOf(GRID_FILE), () => checkHeader(grid, pdsch));
  inFile(files.pathOf(PDSCH_FILE), () => checkAllocation(grid, pdsch));
  return {
    grid,
    pdsch,
    ldpc,
    ...(files.has(LLR_FILE) && { llrs: readLlrs(files, ldpc.G) }),
    ...(files.has(BITS_FILE) && { payload: readPayload(files, ldpc.A) }),
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

function readLlrs(files: DumpFiles, count: number): Float32Array<ArrayBuffer> {
  const file = files.pathOf(LLR_FILE);
  const bytes = files.read(LLR_FILE, 4 * count);
  if (bytes.length !== 4 * count)
    throw invalid(`${file}: size`, `4 x G = ${4 * count} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const llrs = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  const bad = llrs.findIndex((llr) => !Number.isFinite(llr));
  if (bad >= 0) throw invalid(`${file}: value ${bad}`, 'a finite number', String(llrs[bad]));
  return llrs;
}

/** Bits packed into bytes, the first one as the most significant, as one bit a byte. */
function readPayload(files: DumpFiles, count: number): Uint8Array<ArrayBuffer> {
  const file = files.pathOf(BITS_FILE);
  const bytes = files.read(BITS_FILE, count / 8);
  if (bytes.length !== count / 8)
    throw invalid(`${file}: size`, `A/8 = ${count / 8} bytes`, `${bytes.length} bytes`);
  return Uint8Array.from({ length: count }, (_, i) => ((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1);
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
 * @param pathOf for messages.
 * @throws INVALID_ARGUMENT that names the file and the field, when G is not what the data REs hold, or when nothing
 *   was received.
 */
export function slotOfBundle(
  { grid, pdsch, ldpc }: OaiBundle,
  pathOf: DumpFiles['pathOf'] = (name) => name,
): DumpedSlot {
  const allocation = allocationOf(pdsch);
  const shape = { nRx: 1, nSym: allocation.nSym, nSc: allocation.nPrb * SUBCARRIERS_PER_RB };
  const config = { dmrs: dmrsConfigOf(pdsch, grid.header.n_sym as 12 | 14) };
  const modulation = modulationOfBundle(ldpc);
  const { dmrs, mask } = inFile(pathOf(PDSCH_FILE), () => {
    const pilots = dmrsGrid(config.dmrs, shape);
    const data = dataMask(pilots, shape, config.dmrs);
    checkCodedBits(codewordOrder(data).length, bitsPerSymbol(modulation), pdsch.G);
    return { dmrs: pilots, mask: data };
  });
  const rxGrid = extractAllocation(grid, allocation);
  const noise = inFile(pathOf(GRID_FILE), () => estimateNoise({ shape, rxGrid, dmrs }));
  const name = `frame ${pdsch.frame} slot ${pdsch.slot}`;
  return { name, shape, rxGrid, dmrs, dataMask: mask, modulation, config, ...noise };
}

function checkCodedBits(dataRes: number, qm: number, g: number): void {
  if (dataRes * qm === g) return;
  const expected = `${dataRes * qm} (${dataRes} data REs x Qm ${qm}; PT-RS and CSI-RS in the allocation are not supported)`;
  throw invalid('G', expected, String(g));
}
