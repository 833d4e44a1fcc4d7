import type { ModelContract } from '../onnx/contract.js';
import type { GoldenGrid } from '../onnx/golden.js';
import { llrRow } from './llr-row.js';
import { ModelRefusedError } from './model-refusal.js';
import type { Row, RunnableModel } from './row.js';
import type { GridShape } from './types.js';
import type { RowOutcome } from './worker-protocol.js';

/**
 * Root mean square of the error, in parts of that of the LLRs, up to which two runs agree.
 *
 * `cpu`: another processor adds up in another order, which moves LLRs by some 1e-6 of their RMS, and golden grids
 * are chosen such that no neuron stands so close to its threshold that this would fire or silence it. The two
 * shipped models that are most alike are 0.06 apart.
 * `cuda`: convolutions round their operands to TF32, 10 bits of mantissa, and neurons near their threshold do
 * flip: up to 0.08 was seen with weights and signals rounded like that. It may choose other algorithms for other
 * batch sizes, so rows are compared no closer. This tells a broken model, not one from its sibling.
 */
const TOLERANCE = { cpu: 1e-3, cuda: 0.15 } as const;

/** Below this RMS LLRs are compared absolutely: all-zero references must not ask for exact zeros. */
const SMALLEST_RMS = 1e-3;
/** One slot of one PRB, where the model leaves the sizes open. */
const SLOT = { nSym: 14, nSc: 12 } as const;
/** Odd, so that rows mixed up by a power of two are seen. */
const SAMPLES = 3;
const EVERY_SIZE_UP_TO = 16;

/** A shape of the traffic, and the largest batch that it came in. */
export interface UsedShape {
  readonly nSym: number;
  readonly nSc: number;
  readonly batch: number;
}

export interface CheckedModel extends RunnableModel {
  readonly golden: readonly GoldenGrid[];
  /** To be run once before the model serves, so that no client pays for their first run. */
  readonly usedShapes: readonly UsedShape[];
}

/** Runs rows of one shape as a batch. */
export type RunBatch = (rows: readonly Row[]) => Promise<{ readonly rows: readonly RowOutcome[] }>;

interface Sample {
  readonly row: Row;
  /** What it must give. */
  readonly golden: Float32Array | undefined;
  /** What it gave when it ran alone. */
  alone: Float32Array;
}

/** Every size up to 16, then powers of two and the largest. */
export function checkedBatchSizes(maxBatchGrids: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatchGrids; size = size < EVERY_SIZE_UP_TO ? size + 1 : size * 2)
    sizes.push(size);
  return [...sizes, maxBatchGrids];
}

/**
 * Runs the golden grids, or made-up ones where there are none, alone and in batches: the smallest shape in every
 * batch size, the others in a batch of two. Then the shapes of the traffic.
 * @throws ModelRefusedError when LLRs are not finite, not the golden ones, or other ones in a batch.
 */
export async function checkModel(
  model: CheckedModel & { readonly contract: NonNullable<RunnableModel['contract']> },
  run: RunBatch,
  options: { readonly batchSizes: readonly number[]; readonly provider: 'cpu' | 'cuda' },
): Promise<void> {
  const { batchSizes, provider } = options;
  const limit = TOLERANCE[provider];
  // A wider grid shows what its width does; that of the batch has been seen.
  const smallSizes = batchSizes.filter((size) => size === 2);
  const shapes = byShape(
    model.golden.length > 0 ? goldenSamples(model) : madeUpSamples(model, shapeOf(model)),
  );
  for (const [index, samples] of shapes.entries()) {
    for (const sample of samples) await runAlone(sample, run, limit, provider);
    for (const size of index === 0 ? batchSizes : smallSizes) await runBatch(samples, size, run, limit);
  }
  for (const { nSym, nSc, batch } of model.usedShapes) {
    const shape = { nRx: model.contract.nRx, nSym, nSc };
    if (!takes(model.contract, shape)) continue;
    const samples = madeUpSamples(model, shape);
    for (const sample of samples) await runAlone(sample, run, limit, provider);
    await runBatch(samples, batch, run, limit);
  }
}

async function runAlone(
  sample: Sample,
  run: RunBatch,
  limit: number,
  provider: 'cpu' | 'cuda',
): Promise<void> {
  const { rows } = await run([sample.row]);
  sample.alone = llrsOf(rows[0], 1);
  if (sample.golden === undefined) return;
  const error = relativeError(sample.alone, sample.golden);
  if (error <= limit) return;
  const off = `its LLRs are off by ${error.toPrecision(3)} of their RMS, at most ${limit} on ${provider}`;
  throw new ModelRefusedError('golden_mismatch', `golden grid ${sample.row.shapeKey.split(' ')[0]}: ${off}`);
}

/** Samples fill the batch in turn, from another one on for each size. */
async function runBatch(
  samples: readonly Sample[],
  size: number,
  run: RunBatch,
  limit: number,
): Promise<void> {
  const batch = Array.from({ length: size }, (_, i) => samples[(i + size) % samples.length] as Sample);
  const { rows } = await run(batch.map(({ row }) => row));
  for (const [index, { alone }] of batch.entries()) {
    const error = relativeError(llrsOf(rows[index], size), alone);
    if (error <= limit) continue;
    const off = `LLRs are off by ${error.toPrecision(3)} of their RMS from those of the grid alone`;
    throw new ModelRefusedError('rows_differ', `row ${index} of a batch of ${size}: ${off}`);
  }
}

/** @throws ModelRefusedError */
function llrsOf(outcome: RowOutcome | undefined, size: number): Float32Array {
  if (outcome?.ok === true && outcome.tensors[0] !== undefined)
    return new Float32Array(outcome.tensors[0].bytes.slice().buffer);
  const why = outcome?.ok === false ? outcome.failure.message : 'no LLRs came back';
  throw new ModelRefusedError('not_finite', `at batch size ${size}: ${why}`);
}

/** RMS of the difference over that of `reference`. */
export function relativeError(values: Float32Array, reference: Float32Array): number {
  let error = 0;
  let power = 0;
  for (const [i, expected] of reference.entries()) {
    error += ((values[i] ?? Number.NaN) - expected) ** 2;
    power += expected ** 2;
  }
  const floor = SMALLEST_RMS ** 2 * reference.length;
  const ratio = Math.sqrt(error / Math.max(power, floor));
  return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
}

function goldenSamples(model: CheckedModel): Sample[] {
  return model.golden.map((grid) => sampleOf(model, grid, grid.llr, grid));
}

/** Unit pilots on every second subcarrier and smooth, bounded received signals. */
function madeUpSamples(model: CheckedModel, shape: GridShape): Sample[] {
  const plane = shape.nSym * shape.nSc;
  const dmrs = Float32Array.from({ length: 2 * plane }, (_, i) => (i < plane && i % 2 === 0 ? 1 : 0));
  return Array.from({ length: SAMPLES }, (_, seed) => {
    const rxGrid = Float32Array.from({ length: 2 * shape.nRx * plane }, (__, i) => Math.sin(i + 7 * seed));
    return sampleOf(model, shape, undefined, { rxGrid, dmrs });
  });
}

function sampleOf(
  model: RunnableModel,
  shape: GridShape,
  golden: Float32Array | undefined,
  signals: Pick<GoldenGrid, 'rxGrid' | 'dmrs'>,
): Sample {
  const { nRx, nSym, nSc } = shape;
  const format = { datatype: 'f32', layout: 'grid', polarity: 'p0_over_p1', scale: 1 } as const;
  const dataMask = new Uint8Array(nSym * nSc).fill(1);
  const request = { id: 'check', shape: { nRx, nSym, nSc }, ...signals, dataMask, format };
  return { row: llrRow(request, model), golden, alone: new Float32Array(0) };
}

/** Smallest first. */
function byShape(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  const shapes = new Map<string, Sample[]>();
  for (const sample of samples)
    shapes.set(sample.row.shapeKey, [...(shapes.get(sample.row.shapeKey) ?? []), sample]);
  return [...shapes.values()].toSorted(
    ([a], [b]) => (a?.row.resourceElements ?? 0) - (b?.row.resourceElements ?? 0),
  );
}

function shapeOf({ contract }: RunnableModel): GridShape {
  const { nRx = 1, nSym = SLOT.nSym, nSc = SLOT.nSc } = contract ?? {};
  return { nRx, nSym, nSc };
}

function takes(contract: Pick<ModelContract, 'nSym' | 'nSc'>, { nSym, nSc }: GridShape): boolean {
  return (contract.nSym ?? nSym) === nSym && (contract.nSc ?? nSc) === nSc;
}
