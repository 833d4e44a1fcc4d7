import { SpikingRxError } from '../errors.js';
import { TENSOR_NAMES } from '../onnx/contract.js';
import {
  aligned,
  type BatchInput,
  type BatchLayout,
  type BatchOutput,
  type BatchRow,
} from './batch-layout.js';
import { allFinite, dataLlrs, formatLlr, formattedBytes, type LlrPlanes } from './llr-format.js';
import { MagnitudeCounter, saturatedFraction } from './llr-quality.js';
import { type RuntimeTensor, type Session, tensorOver } from './session.js';
import type { LlrFormat } from './types.js';
import type { BatchAnswer, RowAnswer, RowOutcome } from './worker-protocol.js';

export interface BatchJob extends BatchLayout {
  readonly session: Session;
  /** False where the tensors have no batch axis: the one row is the whole of them. */
  readonly batched: boolean;
  readonly memory: SharedArrayBuffer;
}

/** What a run left behind, and the counter of its LLRs' magnitudes. */
interface Outcome {
  readonly results: Readonly<Record<string, RuntimeTensor>>;
  readonly magnitudes: MagnitudeCounter | undefined;
}

/**
 * Runs batches through sessions on the calling thread, with one set of input and output buffers that
 * grows to the largest batch seen and is used again for every other (the runtime refuses shared memory,
 * so rows are copied in).
 */
export class BatchRunner {
  readonly #inputs: ArrayBuffer[] = [];
  #llr = new ArrayBuffer(0);

  /** @throws SpikingRxError INTERNAL when the runtime fails or an output is not what the model says. */
  async run(job: BatchJob): Promise<BatchAnswer> {
    const feeds = Object.fromEntries(job.inputs.map((input, i) => [input.name, this.#feed(job, input, i)]));
    const fetches = Object.fromEntries(job.outputs.map((output) => [output.name, this.#fetch(output)]));
    const started = performance.now();
    const results = await job.session.run(feeds, fetches);
    const computeMs = performance.now() - started;
    for (const output of job.outputs) checkOutput(job, output, results[output.name]);
    const magnitudes = job.rows.some(({ llr }) => llr) ? new MagnitudeCounter() : undefined;
    const rows = answerRows(job, { results, magnitudes });
    return { computeMs, rows, magnitudes: magnitudes?.total() };
  }

  #feed({ memory }: BatchJob, input: BatchInput, index: number): RuntimeTensor {
    const { type, dims, byteOffset, byteLength } = input;
    const buffer = grown(this.#inputs[index], byteLength);
    this.#inputs[index] = buffer;
    new Uint8Array(buffer).set(new Uint8Array(memory, byteOffset, byteLength));
    return tensorOver(type, buffer, dims);
  }

  #fetch({ type, dims }: BatchOutput): RuntimeTensor | null {
    if (dims === undefined) return null;
    const length = dims.reduce((product, dim) => product * dim, 1);
    this.#llr = grown(this.#llr, length * Float32Array.BYTES_PER_ELEMENT);
    // A model that leaves an output untouched must not pass off the last batch's LLRs as its own.
    new Float32Array(this.#llr, 0, length).fill(Number.NaN);
    return tensorOver(type, this.#llr, dims);
  }
}

function checkOutput(
  { batched, rows }: BatchJob,
  { name, type }: BatchOutput,
  result: RuntimeTensor | undefined,
): asserts result is RuntimeTensor {
  if (result === undefined) throw new SpikingRxError('INTERNAL', `the model returned no output '${name}'`);
  if (result.type !== type)
    throw new SpikingRxError('INTERNAL', `output '${name}' is ${result.type}, not ${type} as the file says`);
  if (batched && result.dims[0] !== rows.length) {
    const shape = `[${result.dims.join(', ')}]`;
    throw new SpikingRxError('INTERNAL', `output '${name}' is ${shape} for a batch of ${rows.length}`);
  }
}

/** One tensor of an answer: how many bytes it takes, and how it gets there. */
interface Part {
  readonly byteLength: number;
  readonly write: (buffer: ArrayBuffer, byteOffset: number) => RowAnswer;
}

/** All rows in one buffer: the main thread gets one block of memory a batch, not one a row. */
function answerRows(job: BatchJob, outcome: Outcome): RowOutcome[] {
  const rows = job.rows.map((row, index) => rowParts(job, row, index, outcome));
  let end = 0;
  for (const parts of rows)
    if (Array.isArray(parts)) for (const { byteLength } of parts) end += aligned(byteLength);
  const buffer = new ArrayBuffer(end);
  let byteOffset = 0;
  return rows.map((parts): RowOutcome => {
    if (typeof parts === 'string') return { ok: false, failure: { code: 'INTERNAL', message: parts } };
    const tensors = parts.map(({ byteLength, write }) => {
      const tensor = write(buffer, byteOffset);
      byteOffset += aligned(byteLength);
      return tensor;
    });
    return { ok: true, tensors };
  });
}

/** The tensors of a row, or why it has none. */
function rowParts(job: BatchJob, row: BatchRow, index: number, outcome: Outcome): Part[] | string {
  if (row.llr) return llrPart(job, row.llr, index, outcome);
  const { results } = outcome;
  return row.outputs.map((name) => tensorPart(job, index, results[name] as RuntimeTensor));
}

function tensorPart(job: BatchJob, index: number, { data, dims }: RuntimeTensor): Part {
  const count = job.batched ? job.rows.length : 1;
  const byteLength = data.byteLength / count;
  const source = new Uint8Array(data.buffer, data.byteOffset + index * byteLength, byteLength);
  return {
    byteLength,
    write: (buffer, byteOffset) => {
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      bytes.set(source);
      return { shape: job.batched ? dims.slice(1) : dims, bytes };
    },
  };
}

function llrPart(
  { memory, masks }: BatchJob,
  format: LlrFormat,
  index: number,
  { results, magnitudes }: Outcome,
): Part[] | string {
  const { data, dims } = results[TENSOR_NAMES.llr] as RuntimeTensor;
  const [, bitsPerSymbol = 0, nSym = 0, nSc = 0] = dims;
  const elements = bitsPerSymbol * nSym * nSc;
  const planes = (data as Float32Array).subarray(index * elements, (index + 1) * elements);
  if (!allFinite(planes)) return 'the model returned LLRs that are not finite for this grid';
  const dataMask = new Uint8Array(memory, masks.byteOffset + index * masks.rowBytes, masks.rowBytes);
  const input: LlrPlanes = { planes, dataMask, bitsPerSymbol, nSym, nSc };
  return [
    {
      byteLength: formattedBytes(input, format),
      write: (buffer, byteOffset) => {
        const answer = formatLlr(input, format, { buffer, byteOffset });
        const meanAbsLlr = magnitudes?.add(dataLlrs(input, format, answer)) ?? 0;
        return { ...answer, quality: { meanAbsLlr, saturatedFraction: saturatedFraction(answer, format) } };
      },
    },
  ];
}

function grown(buffer: ArrayBuffer | undefined, byteLength: number): ArrayBuffer {
  return buffer !== undefined && buffer.byteLength >= byteLength ? buffer : new ArrayBuffer(byteLength);
}
