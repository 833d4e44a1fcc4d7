import { SpikingRxError } from '../errors.js';
import type { BatchRow, BatchShape, BatchViews } from './batch-layout.js';
import { batchBytes, batchViews, resourceElements, rxPlanes } from './batch-layout.js';
import { allFinite, formatLlr, formattedBytes, type LlrPlace, type LlrPlanes } from './llr-format.js';
import type { Session } from './session.js';
import type { RowOutcome } from './worker-protocol.js';

const FLOAT_BYTES = 4;

export interface BatchJob {
  readonly session: Session;
  readonly bitsPerSymbol: number;
  readonly shape: BatchShape;
  readonly views: BatchViews;
  readonly rows: readonly BatchRow[];
}

export interface BatchAnswer {
  readonly computeMs: number;
  readonly rows: readonly RowOutcome[];
}

/**
 * Runs batches through sessions on the calling thread, with one set of input and output buffers that
 * grows to the largest batch seen and is used again for every other (the runtime refuses shared memory,
 * so rows are copied in).
 */
export class BatchRunner {
  private rxGrid = new Float32Array(0);
  private dmrs = new Float32Array(0);
  private llr = new Float32Array(0);

  /** @throws SpikingRxError INTERNAL when the runtime fails or the output has another shape. */
  async run(job: BatchJob): Promise<BatchAnswer> {
    const llr = this.outputs(job);
    const started = performance.now();
    await job.session.run(this.inputs(job), { llr });
    const computeMs = performance.now() - started;
    return { computeMs, rows: formatRows(job, llr.data) };
  }

  private inputs(job: BatchJob) {
    const { batch, nSym, nSc } = job.shape;
    this.rxGrid = grown(this.rxGrid, job.views.rxGrid.length);
    this.dmrs = grown(this.dmrs, job.views.dmrs.length);
    this.rxGrid.set(job.views.rxGrid);
    this.dmrs.set(job.views.dmrs);
    const rxGrid = this.rxGrid.subarray(0, job.views.rxGrid.length);
    const dmrs = this.dmrs.subarray(0, job.views.dmrs.length);
    return {
      rx_grid: { type: 'float32', data: rxGrid, dims: [batch, rxPlanes(job.shape), nSym, nSc] },
      dmrs: { type: 'float32', data: dmrs, dims: [batch, 2, nSym, nSc] },
    } as const;
  }

  private outputs(job: BatchJob) {
    const { batch, nSym, nSc } = job.shape;
    const length = batch * job.bitsPerSymbol * nSym * nSc;
    this.llr = grown(this.llr, length);
    // A model that leaves an output untouched must not pass off the last batch's LLRs as its own.
    const data = this.llr.subarray(0, length).fill(Number.NaN);
    return { type: 'float32', data, dims: [batch, job.bitsPerSymbol, nSym, nSc] } as const;
  }
}

/** All rows in one buffer: the main thread gets one block of memory a batch, not one a grid. */
function formatRows(job: BatchJob, llr: Float32Array): RowOutcome[] {
  const inputs = job.rows.map((_, index) => rowPlanes(job, index, llr));
  const offsets: number[] = [];
  let end = 0;
  for (const [index, row] of job.rows.entries()) {
    offsets.push(end);
    end += aligned(formattedBytes(inputs[index] as LlrPlanes, row.format));
  }
  const buffer = new ArrayBuffer(end);
  return job.rows.map((row, index) =>
    formatRow(inputs[index] as LlrPlanes, row, { buffer, byteOffset: offsets[index] as number }),
  );
}

function rowPlanes(job: BatchJob, index: number, llr: Float32Array): LlrPlanes {
  const { nSym, nSc } = job.shape;
  const { bitsPerSymbol } = job;
  const elements = resourceElements(job.shape);
  const planeElements = elements * bitsPerSymbol;
  const planes = llr.subarray(index * planeElements, (index + 1) * planeElements);
  const dataMask = job.views.dataMask.subarray(index * elements, (index + 1) * elements);
  return { planes, dataMask, bitsPerSymbol, nSym, nSc };
}

function formatRow(input: LlrPlanes, row: BatchRow, place: LlrPlace): RowOutcome {
  if (!allFinite(input.planes)) {
    const message = 'the model returned LLRs that are not finite for this grid';
    return { ok: false, failure: { code: 'INTERNAL', message } };
  }
  return { ok: true, ...formatLlr(input, row.format, place) };
}

/** Up to the next multiple of a float32. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / FLOAT_BYTES) * FLOAT_BYTES;
}

function grown(buffer: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  return buffer.length >= length ? buffer : new Float32Array(length);
}

/**
 * Runs one small grid at each batch size, so that no client pays for first-run allocation, and checks
 * that the outputs are finite.
 * @throws SpikingRxError FAILED_PRECONDITION when they are not.
 */
export async function warmUp(
  runner: BatchRunner,
  model: Pick<BatchJob, 'session' | 'bitsPerSymbol'>,
  shape: Omit<BatchShape, 'batch'>,
  batchSizes: readonly number[],
): Promise<void> {
  for (const batch of batchSizes) {
    const views = warmUpGrids({ ...shape, batch });
    const format = { datatype: 'f32', layout: 'grid', polarity: 'p0_over_p1', scale: 1 } as const;
    const rows = Array.from({ length: batch }, () => ({ format }));
    const answer = await runner.run({ ...model, shape: { ...shape, batch }, views, rows });
    for (const row of answer.rows) {
      if (row.ok) continue;
      throw new SpikingRxError(
        'FAILED_PRECONDITION',
        `warm-up at batch size ${batch}: ${row.failure.message}`,
      );
    }
  }
}

/** Unit pilots on every second subcarrier and a smooth, bounded received signal. */
function warmUpGrids(shape: BatchShape): BatchViews {
  const views = batchViews(new SharedArrayBuffer(batchBytes(shape)), shape);
  const plane = resourceElements(shape);
  for (let i = 0; i < views.rxGrid.length; i += 1) views.rxGrid[i] = Math.sin(i);
  for (let i = 0; i < views.dmrs.length; i += 1) {
    const isRealPart = Math.floor(i / plane) % 2 === 0;
    views.dmrs[i] = isRealPart && i % 2 === 0 ? 1 : 0;
  }
  return views;
}
