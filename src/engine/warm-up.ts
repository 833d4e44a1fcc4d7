import { SpikingRxError } from '../errors.js';
import { ELEMENT_BYTES, elementCount, type TensorDescription } from '../onnx/signature.js';
import { layOutBatch, writeBatch } from './batch-layout.js';
import type { BatchRunner } from './batch-runner.js';
import { llrRow } from './llr-row.js';
import { makeRow, type Row, type RunnableModel } from './row.js';
import { type Session, tensorOver } from './session.js';
import type { LlrRequest } from './types.js';
import type { BatchAnswer } from './worker-protocol.js';

/** One slot of one PRB, where the model leaves the sizes open. */
const SLOT = { nSym: 14, nSc: 12 } as const;

/**
 * Runs small rows at each batch size, so that no client pays for first-run allocation.
 * @throws SpikingRxError FAILED_PRECONDITION when LLRs are not finite or a row depends on its batch.
 */
export async function warmUp(
  runner: BatchRunner,
  session: Session,
  model: RunnableModel,
  batchSizes: readonly number[],
): Promise<void> {
  const run = async (rows: readonly Row[]): Promise<BatchAnswer> => runRows(runner, session, model, rows);
  if (model.contract === undefined) await warmUpTensors(run, model, batchSizes);
  else await warmUpGrids(run, model, batchSizes);
}

/** Runs rows outside of the queue, in memory of their own. */
export async function runRows(
  runner: BatchRunner,
  session: Session,
  model: RunnableModel,
  rows: readonly Row[],
): Promise<BatchAnswer> {
  const layout = layOutBatch(model, rows);
  const memory = new SharedArrayBuffer(layout.byteLength);
  writeBatch(memory, layout, rows);
  return runner.run({ ...layout, session, batched: model.signature.batched, memory });
}

type Run = (rows: readonly Row[]) => Promise<BatchAnswer>;

async function warmUpGrids(run: Run, model: RunnableModel, batchSizes: readonly number[]): Promise<void> {
  for (const batch of batchSizes) {
    const row = llrRow(slot(model), model);
    const { rows } = await run(Array.from({ length: batch }, () => row));
    for (const outcome of rows) {
      if (outcome.ok) continue;
      const message = `warm-up at batch size ${batch}: ${outcome.failure.message}`;
      throw new SpikingRxError('FAILED_PRECONDITION', message);
    }
  }
}

/** Unit pilots on every second subcarrier and a smooth, bounded received signal. */
function slot({ contract }: RunnableModel): LlrRequest {
  const { nRx = 1, nSym = SLOT.nSym, nSc = SLOT.nSc } = contract ?? {};
  const plane = nSym * nSc;
  return {
    id: 'warm-up',
    shape: { nRx, nSym, nSc },
    rxGrid: Float32Array.from({ length: 2 * nRx * plane }, (_, i) => Math.sin(i)),
    dmrs: Float32Array.from({ length: 2 * plane }, (_, i) => (i < plane && i % 2 === 0 ? 1 : 0)),
    dataMask: new Uint8Array(plane).fill(1),
    format: { datatype: 'f32', layout: 'grid', polarity: 'p0_over_p1', scale: 1 },
  };
}

/**
 * Of a model without contract neither the sizes of dynamic axes nor the range of the values is known: it is
 * run where its sizes are, and may refuse the values. What it answers tells whether rows are independent.
 */
async function warmUpTensors(run: Run, model: RunnableModel, batchSizes: readonly number[]): Promise<void> {
  const { inputs, batched } = model.signature;
  const shapes = inputs.map(({ shape }) => (batched ? shape.slice(1) : shape));
  if (!shapes.every(isFixed)) return;
  const rows = Array.from({ length: batched ? Math.max(...batchSizes) : 1 }, (_, seed) =>
    sampleRow(model, shapes as number[][], seed),
  );
  try {
    for (const batch of batched ? batchSizes : [1]) await run(rows.slice(0, batch));
    if (rows.length > 1) await requireIndependence(run, model, rows.slice(0, 2));
  } catch (error) {
    if (error instanceof SpikingRxError && error.code === 'INTERNAL') return;
    throw error;
  }
}

function isFixed(shape: TensorDescription['shape']): shape is readonly number[] {
  return shape.every((size) => typeof size === 'number');
}

/** Floating-point inputs differ from row to row; whole numbers are 1, which is a valid index nearly everywhere. */
function sampleRow(model: RunnableModel, shapes: readonly (readonly number[])[], seed: number): Row {
  const inputs = model.signature.inputs.map(({ type }, index) => {
    const shape = shapes[index] ?? [];
    const buffer = new ArrayBuffer(elementCount(shape) * ELEMENT_BYTES[type]);
    const { data } = tensorOver(type, buffer, shape);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(1n);
    else if (data instanceof Float32Array || data instanceof Float64Array)
      for (let i = 0; i < data.length; i += 1) data[i] = Math.sin(i + 7 * seed);
    else data.fill(1);
    return { shape, bytes: new Uint8Array(buffer) };
  });
  const outputs = model.signature.outputs.map(({ name }) => name);
  return makeRow({ inputs, outputs, llr: undefined }, model);
}

/** A first axis that is dynamic may be something else than a batch: a sequence, points of one cloud. */
async function requireIndependence(run: Run, model: RunnableModel, rows: readonly Row[]): Promise<void> {
  const together = await run(rows);
  for (const [index, row] of rows.entries()) {
    const alone = await run([row]);
    for (const [output, { name, type }] of model.signature.outputs.entries()) {
      if (sameValues(type, tensorOf(alone, 0, output), tensorOf(together, index, output))) continue;
      const why = `a row of output '${name}' changes with the other rows of its batch; fix the first axis to be served unbatched`;
      throw new SpikingRxError('FAILED_PRECONDITION', `warm-up: ${why}`);
    }
  }
}

function tensorOf(answer: BatchAnswer, row: number, output: number): Uint8Array<ArrayBuffer> {
  const outcome = answer.rows[row];
  return (outcome?.ok === true ? outcome.tensors[output]?.bytes : undefined) ?? new Uint8Array(0);
}

/** Sums may be added up in another order: a thousandth of the largest value is far from another answer. */
function sameValues(
  type: TensorDescription['type'],
  a: Uint8Array<ArrayBuffer>,
  b: Uint8Array<ArrayBuffer>,
): boolean {
  if (a.byteLength !== b.byteLength) return false;
  if (type !== 'float32') return type === 'float16' || Buffer.compare(a, b) === 0;
  const [x, y] = [a, b].map((bytes) => new Float32Array(bytes.slice().buffer)) as [
    Float32Array,
    Float32Array,
  ];
  const scale = x.reduce(
    (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
    0,
  );
  return x.every((value, i) => Object.is(value, y[i]) || Math.abs(value - (y[i] as number)) <= 1e-3 * scale);
}
