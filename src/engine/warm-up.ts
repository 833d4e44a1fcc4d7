import { SpikingRxError } from '../errors.js';
import { ELEMENT_BYTES, elementCount, type TensorDescription } from '../onnx/signature.js';
import { layOutBatch, writeBatch } from './batch-layout.js';
import type { BatchRunner } from './batch-runner.js';
import { ModelRefusedError } from './model-refusal.js';
import { makeRow, type Row, type RunnableModel } from './row.js';
import { type Session, tensorOver } from './session.js';
import type { BatchAnswer } from './worker-protocol.js';

/**
 * Runs rows of a model without contract in batches of powers of two and the largest, so that no client pays for
 * first-run allocation. Neither the sizes of its dynamic axes nor the range of its values is known: it is run where
 * its sizes are fixed, and may refuse the values. What it answers tells whether rows are independent.
 * @throws ModelRefusedError when a row depends on its batch.
 */
export async function warmUp(
  runner: BatchRunner,
  session: Session,
  model: RunnableModel,
  maxBatch: number,
): Promise<void> {
  const run: Run = async (rows) => runRows(runner, session, model, rows);
  const { inputs, batched } = model.signature;
  const shapes = inputs.map(({ shape }) => (batched ? shape.slice(1) : shape));
  if (!shapes.every(isFixed)) return;
  const rows = Array.from({ length: batched ? maxBatch : 1 }, (_, seed) =>
    sampleRow(model, shapes as number[][], seed),
  );
  try {
    for (let size = 1; size < rows.length; size *= 2) await run(rows.slice(0, size));
    await run(rows);
    if (rows.length > 1) await requireIndependence(run, model, rows.slice(0, 2));
  } catch (error) {
    if (!(error instanceof SpikingRxError && error.code === 'INTERNAL')) throw error;
  }
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
      throw new ModelRefusedError('rows_differ', why);
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
  // Halves are too coarse for a bound; what else is no floating-point number must be the same.
  if (type !== 'float32' && type !== 'float64') return type === 'float16' || Buffer.compare(a, b) === 0;
  const [x, y] = [numbersOf(type, a), numbersOf(type, b)];
  const finite = x.filter((value) => Number.isFinite(value));
  const scale = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return x.every((value, i) => Object.is(value, y[i]) || Math.abs(value - (y[i] as number)) <= 1e-3 * scale);
}

function numbersOf(type: 'float32' | 'float64', bytes: Uint8Array<ArrayBuffer>): readonly number[] {
  const { buffer } = bytes.slice();
  return [...(type === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer))];
}
