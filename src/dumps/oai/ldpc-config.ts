/** `ldpc_cfg.txt` of an OAI bundle: the coding parameters of its transport block. */
import { invalid } from '../../errors.js';
import { bitsPerSymbol, MODULATIONS, type Modulation } from '../../nr/qam.js';
import {
  type CodedTransmission,
  codedBitsPerBlock,
  limitedBufferSize,
  type RedundancyVersion,
  type Segmentation,
  segmentation,
  startPosition,
} from '../../phy/coding/index.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';
import { formatKeyValues, type Keys, type KeyValues, readKeyValues } from './key-values.js';
import { MAX_G, PDSCH_FILE, type PdschConfig } from './pdsch-config.js';

export const LDPC_FILE = 'ldpc_cfg.txt';

/** Largest transport block of TS 38.214 §5.1.3.2, bits. */
const MAX_A = 1_277_992;

const REQUIRED = {
  BG: [1, 2],
  Zc: [2, 384],
  A: [24, MAX_A],
  C: [1, 152],
  /** K: bits of a code block, filler included. */
  K: [1, 8448],
  /** Filler bits of a code block. */
  F: [0, 8448],
  G: [1, MAX_G],
  Qm: [2, 8],
  /** TBS_LBRM in bits; 0: the buffer is not limited. */
  tbslbrm: [0, MAX_A],
  mcs: [0, 31],
  rv_index: [0, 3],
  nb_layers: [1, 8],
} as const satisfies Keys<string>;

const OPTIONAL = {
  /** Code rate class of OAI's decoder, see {@link decoderRate}. */
  R: [13, 89],
  frame: [0, 1023],
  slot: [0, 639],
  dlsch_id: [0, 0],
} as const satisfies Keys<string>;

export type LdpcConfig = KeyValues<keyof typeof REQUIRED, keyof typeof OPTIONAL>;

/** Target code rate that makes TS 38.212 §7.2.2 choose the base graph, where A leaves the choice. */
const RATE_OF_GRAPH = { 1: 0.9, 2: 0.25 } as const;

/** The modulation with Qm bits, `undefined` when there is none. */
function modulationOf(qm: number): Modulation | undefined {
  return MODULATIONS.find((name) => bitsPerSymbol(name) === qm);
}

/**
 * Reads the file and checks that its parameters are those that TS 38.212 gives for A, BG and G.
 * @throws INVALID_ARGUMENT that names the file and the key.
 */
export function readLdpcConfig(files: DumpFiles, pdsch: PdschConfig): LdpcConfig {
  const config = readKeyValues(files, LDPC_FILE, REQUIRED, OPTIONAL);
  inFile(files.pathOf(LDPC_FILE), () => {
    if (modulationOf(config.Qm) === undefined) throw invalid('Qm', '2, 4, 6 or 8', String(config.Qm));
    if (config.nb_layers !== 1)
      throw invalid('nb_layers', '1 (more layers are not supported)', String(config.nb_layers));
    for (const key of ['G', 'frame', 'slot', 'dlsch_id'] as const)
      if (config[key] !== undefined && config[key] !== pdsch[key])
        throw invalid(key, `${pdsch[key]}, as in ${PDSCH_FILE}`, String(config[key]));
    checkSegmentation(config);
  });
  return config;
}

function checkSegmentation(config: LdpcConfig): void {
  const { A, G, Qm, tbslbrm } = config;
  if (A % 8 !== 0) throw invalid('A', 'a multiple of 8', String(A));
  const plan = segmentation(A, RATE_OF_GRAPH[config.BG as 1 | 2]);
  const { baseGraph, zc, systematicBits, payloadBits } = plan.shape;
  const derived = {
    BG: baseGraph,
    Zc: zc,
    C: plan.codeBlocks,
    K: systematicBits,
    F: systematicBits - payloadBits,
  };
  for (const [key, value] of Object.entries(derived) as [keyof typeof derived, number][])
    if (config[key] !== value)
      throw invalid(key, `${value} for A ${A}, BG ${config.BG}`, String(config[key]));
  if (G < Qm * plan.codeBlocks) throw invalid('G', `at least Qm x C = ${Qm * plan.codeBlocks}`, String(G));
  const systematic = systematicBits - 2 * zc;
  if (tbslbrm > 0 && limitedBufferSize(plan.shape, plan.codeBlocks, tbslbrm) <= systematic) {
    const least = Math.ceil(((systematic + 1) * 2 * plan.codeBlocks) / 3);
    throw invalid('tbslbrm', `0, or at least ${least} for the systematic bits to fit`, String(tbslbrm));
  }
}

export function formatLdpcConfig(config: LdpcConfig): string {
  const order = [...Object.keys(REQUIRED), ...Object.keys(OPTIONAL)] as (keyof LdpcConfig)[];
  return formatKeyValues(order, config);
}

export function modulationOfBundle(config: LdpcConfig): Modulation {
  return modulationOf(config.Qm) as Modulation;
}

/** What our coding chain needs to know of a bundle. */
export function transmissionOf(pdsch: PdschConfig, ldpc: LdpcConfig): CodedTransmission {
  return {
    rnti: pdsch.rnti,
    nId: pdsch.dlDataScramblingId,
    modulation: modulationOfBundle(ldpc),
    targetCodeRate: RATE_OF_GRAPH[ldpc.BG as 1 | 2],
    transportBlockSize: ldpc.A,
    codedBits: ldpc.G,
    rv: ldpc.rv_index as RedundancyVersion,
    ...(ldpc.tbslbrm > 0 && { limitedBufferBits: ldpc.tbslbrm }),
  };
}

/**
 * R of the bundle, by which OAI's decoder chooses how much of the base graph it uses: 13, 23, 89 for code rates of
 * at least 1/3, 2/3, 8/9; 15 for 1/5. The rate is that of the systematic bits in the buffer up to the last one
 * received.
 */
function decoderRate(plan: Segmentation, rv: RedundancyVersion, blockBits: number): number {
  const { shape } = plan;
  const end = Math.min(shape.codedBits, startPosition(shape, rv, shape.codedBits) + blockBits);
  const rate = shape.systematicBits / (end + 2 * shape.zc);
  if (shape.baseGraph === 2) return rate < 0.3333 ? 15 : rate < 0.6667 ? 13 : 23;
  return rate < 0.6667 ? 13 : rate < 0.8889 ? 23 : 89;
}

/** The bundle's coding parameters of a transmission on one layer. */
export function ldpcConfigOf(transmission: CodedTransmission, mcsIndex: number): LdpcConfig {
  const { transportBlockSize, targetCodeRate, codedBits, rv = 0, limitedBufferBits = 0 } = transmission;
  const plan = segmentation(transportBlockSize, targetCodeRate);
  const { shape, codeBlocks } = plan;
  const qm = bitsPerSymbol(transmission.modulation);
  const [blockBits] = codedBitsPerBlock(codedBits, codeBlocks, qm);
  return {
    BG: shape.baseGraph,
    Zc: shape.zc,
    A: transportBlockSize,
    C: codeBlocks,
    K: shape.systematicBits,
    F: shape.systematicBits - shape.payloadBits,
    G: codedBits,
    Qm: qm,
    tbslbrm: limitedBufferBits,
    mcs: mcsIndex,
    rv_index: rv,
    nb_layers: 1,
    R: decoderRate(plan, rv, blockBits as number),
  };
}
