import { ELEMENT_BYTES, type ElementType, elementCount } from '../onnx/signature.js';
import type { Row, RunnableModel } from './row.js';
import type { LlrFormat } from './types.js';

/** Where in the memory of a batch something lies. */
interface Place {
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** An input of a batch: its rows back to back. */
export interface BatchInput extends Place {
  readonly name: string;
  readonly type: ElementType;
  /** The batch axis included, where the model has one. */
  readonly dims: readonly number[];
}

export interface BatchOutput {
  readonly name: string;
  readonly type: ElementType;
  /** Undefined where only the run can tell. */
  readonly dims: readonly number[] | undefined;
}

/** What of a row does not lie among the inputs. */
export interface BatchRow {
  readonly outputs: readonly string[];
  readonly llr: { readonly format: LlrFormat; readonly mask: Place } | undefined;
}

/**
 * A batch as it lies in the shared memory a worker slot owns: the inputs one after the other, then the data
 * masks of those rows that have one. The main thread copies each row in once; the worker reads it from there.
 * The requests keep their own buffers, so that a batch whose worker died can be sent again.
 */
export interface BatchLayout {
  readonly inputs: readonly BatchInput[];
  /** Those that some row wants. */
  readonly outputs: readonly BatchOutput[];
  readonly rows: readonly BatchRow[];
  readonly byteLength: number;
}

/** Everything begins at a multiple of the widest element. */
export const ALIGNMENT = 8;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Lays out rows of one model and one shape; just one row where the model has no batch axis. */
export function layOutBatch(model: RunnableModel, rows: readonly Row[]): BatchLayout {
  const { signature } = model;
  let end = 0;
  const place = (byteLength: number): Place => {
    const byteOffset = end;
    end += aligned(byteLength);
    return { byteOffset, byteLength };
  };
  const inputs = signature.inputs.map(({ name, type }, index): BatchInput => {
    const shape = rows[0]?.inputs[index]?.shape ?? [];
    const dims = signature.batched ? [rows.length, ...shape] : shape;
    return { name, type, dims, ...place(elementCount(dims) * ELEMENT_BYTES[type]) };
  });
  return {
    inputs,
    outputs: outputsOf(model, rows, inputs[0]?.dims ?? []),
    rows: rows.map(({ outputs, llr }) => ({
      outputs,
      llr: llr && { format: llr.format, mask: place(llr.dataMask.byteLength) },
    })),
    byteLength: end,
  };
}

/** Copies rows to where `layout`, which was made for them, has them. */
export function writeBatch(memory: SharedArrayBuffer, layout: BatchLayout, rows: readonly Row[]): void {
  const target = new Uint8Array(memory);
  for (const [index, { byteOffset, byteLength }] of layout.inputs.entries()) {
    const rowBytes = byteLength / rows.length;
    for (const [row, { inputs }] of rows.entries()) {
      const bytes = inputs[index]?.bytes;
      if (bytes) target.set(bytes, byteOffset + row * rowBytes);
    }
  }
  for (const [row, { llr }] of rows.entries()) {
    const mask = layout.rows[row]?.llr?.mask;
    if (llr && mask) target.set(llr.dataMask, mask.byteOffset);
  }
}

/** LLRs have a shape that the contract tells; of other outputs names of axes are no promise. */
function outputsOf(
  { signature, contract }: RunnableModel,
  rows: readonly Row[],
  [batch = 0, , nSym = 0, nSc = 0]: readonly number[],
): BatchOutput[] {
  const wanted = new Set(rows.flatMap(({ outputs }) => outputs));
  const llrDims = contract && [batch, contract.bitsPerSymbol, nSym, nSc];
  return signature.outputs
    .filter(({ name }) => wanted.has(name))
    .map(({ name, type }) => ({ name, type, dims: name === 'llr' ? llrDims : undefined }));
}
