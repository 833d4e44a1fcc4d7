import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { type Session, createSession } from '../engine/session.js';
import { SpikingRxError } from '../errors.js';
import { decodeFloat16, encodeFloat16 } from '../float16.js';
import { MODULATIONS, type Modulation, bitsPerSymbol } from '../nr/qam.js';
import { SUBCARRIERS_PER_RB, SYMBOLS_PER_SLOT } from '../nr/shape.js';
import { type ModelContract, readModelContract } from '../onnx/contract.js';
import { GOLDEN_FILE, type GoldenGrid, encodeGolden } from '../onnx/golden.js';
import { Random } from '../phy/random.js';
import { simulateSlot } from '../phy/slot.js';
import { VERSION } from '../version.js';
import { type Scenario, ScenarioSchema } from './config.js';
import { drawSlotConfig } from './data.js';

/** Resource blocks of the grids: three of the smallest, so that rows mixed up in a batch are seen, and a wider one. */
const PRBS = [1, 1, 1, 4] as const;
const SEED = 38_211;
/** The service allows an error of 1e-3 of the RMS; ours must leave room for another processor's. */
const STEADY = 1e-4;
/** Relative, ten times what another order of sums does. */
const DISTURBANCE = 1e-6;
const DISTURBANCES = 8;
const MAX_DRAWS = 24;
/** Where LLRs are nearer to zero all of them are noise, and a small error looks large beside them: better another slot. */
const GOOD_LLR_RMS = 2;

/**
 * Golden grids of a model: slots of the kind it was trained on, and its LLRs, computed on the CPU. Those are taken
 * in which no neuron stands at its threshold: disturbed in the last digits, they give the same LLRs.
 * @throws SpikingRxError FAILED_PRECONDITION when the model takes no slots that can be simulated, or none is steady.
 */
export async function makeGolden(model: Uint8Array): Promise<readonly GoldenGrid[]> {
  const contract = readModelContract(model);
  const session = await createSession(model);
  const plain = await createSession(model, { graphOptimization: 'disabled' });
  try {
    const random = Random.fromSeed(SEED);
    const grids: GoldenGrid[] = [];
    for (const nPrb of prbsOf(contract))
      grids.push(await steadyGrid({ contract, session, plain, random, nPrb }));
    return grids;
  } finally {
    await Promise.all([session.release(), plain.release()]);
  }
}

/** Writes the golden file beside a model file. @returns its path */
export async function writeGolden(folder: string): Promise<string> {
  const grids = await makeGolden(readFileSync(join(folder, 'model.onnx')));
  const path = join(folder, GOLDEN_FILE);
  writeFileSync(path, encodeGolden(grids, `spikingrx ${VERSION}, CPU`));
  return path;
}

/** Version folders of a model repository that hold a model, in the order of the file system. */
export function versionFolders(modelsDir: string): readonly string[] {
  return folders(modelsDir)
    .flatMap(folders)
    .filter((folder) => existsSync(join(folder, 'model.onnx')));
}

function folders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));
}

interface Draw {
  readonly contract: ModelContract;
  readonly session: Session;
  /** The same graph, unoptimised: another order of sums. */
  readonly plain: Session;
  readonly random: Random;
  readonly nPrb: number;
}

/** The first that is steady and has good LLRs, else the steady one with the largest. */
async function steadyGrid(draw: Draw): Promise<GoldenGrid> {
  let best: { readonly golden: GoldenGrid; readonly rms: number } | undefined;
  for (let count = 0; count < MAX_DRAWS; count += 1) {
    const grid = drawGrid(draw);
    const golden = { ...grid, llr: await llrOf(draw.session, grid) };
    const rms = Math.sqrt(meanSquare(golden.llr));
    if (rms <= (best?.rms ?? 0) || !(await isSteady(golden, draw))) continue;
    best = { golden, rms };
    if (rms >= GOOD_LLR_RMS) break;
  }
  if (best !== undefined) return best.golden;
  throw new SpikingRxError('FAILED_PRECONDITION', `none of ${MAX_DRAWS} slots gives steady LLRs`);
}

type Signals = Omit<GoldenGrid, 'llr'>;

/** A slot whose values binary16 holds exactly. */
function drawGrid({ contract, random, nPrb }: Draw): Signals {
  const modulation = modulationOf(contract);
  const { nRx, bitsPerSymbol: bits, nSym = SYMBOLS_PER_SLOT } = contract;
  const config = drawSlotConfig(scenarioOf(contract), { modulation, nRx, nPrb }, random);
  const { shape, rxGrid, dmrs } = simulateSlot({ ...config, nSym }, random);
  return { ...shape, bitsPerSymbol: bits, rxGrid: asHalves(rxGrid), dmrs: asHalves(dmrs) };
}

async function isSteady(grid: GoldenGrid, { session, plain, random }: Draw): Promise<boolean> {
  if (relativeRms(await llrOf(plain, grid), grid.llr) > STEADY) return false;
  for (let i = 0; i < DISTURBANCES; i += 1) {
    const rxGrid = grid.rxGrid.map((value) => value * (1 + DISTURBANCE * random.normal()));
    if (relativeRms(await llrOf(session, { ...grid, rxGrid }), grid.llr) > STEADY) return false;
  }
  return true;
}

async function llrOf(session: Session, grid: Signals): Promise<Float32Array<ArrayBuffer>> {
  const { nRx, nSym, nSc, rxGrid, dmrs } = grid;
  const { llr } = await session.run({
    rx_grid: { type: 'float32', data: rxGrid, dims: [1, 2 * nRx, nSym, nSc] },
    dmrs: { type: 'float32', data: dmrs, dims: [1, 2, nSym, nSc] },
  });
  return Float32Array.from(llr?.data as Float32Array);
}

/** The model's own width where it fixes one. */
function prbsOf({ nSc }: ModelContract): readonly number[] {
  if (nSc === undefined) return PRBS;
  if (nSc % SUBCARRIERS_PER_RB === 0) return [1, 1, 1].map(() => nSc / SUBCARRIERS_PER_RB);
  throw new SpikingRxError('FAILED_PRECONDITION', `no slot has ${nSc} subcarriers, as the model wants them`);
}

function modulationOf({ bitsPerSymbol: bits }: ModelContract): Modulation {
  const modulation = MODULATIONS.find((name) => bitsPerSymbol(name) === bits);
  if (modulation !== undefined) return modulation;
  throw new SpikingRxError('FAILED_PRECONDITION', `no modulation has ${bits} bits a symbol`);
}

/** What it was trained on, where it says so. */
function scenarioOf({ config }: ModelContract): Scenario {
  const { data } = (config?.['training'] ?? {}) as { readonly data?: unknown };
  return Value.Check(ScenarioSchema, data) ? data : Value.Create(ScenarioSchema);
}

function asHalves(values: Float32Array): Float32Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length);
  encodeFloat16(values, bits);
  return Float32Array.from(bits, decodeFloat16);
}

function relativeRms(values: Float32Array, reference: Float32Array): number {
  const difference = reference.map((value, i) => value - (values[i] as number));
  return Math.sqrt(meanSquare(difference) / meanSquare(reference));
}

function meanSquare(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}
