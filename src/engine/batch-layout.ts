import { ELEMENT_BYTES, type ElementType, elementCount } from '../onnx/signature.js';
import type { Row, RunnableModel } from './row.js';
import type { LlrFormat } from './types.js';

/** An input of a batch, and where in its memory the rows of it lie back to back. */
export interface BatchInput {
  readonly name: string;
  readonly type: ElementType;
  /** The batch axis included, where the model has one. */
  readonly dims: readonly number[];
  readonly byteOffset: number;
  readonly byteLength: number;
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
  readonly llr: LlrFormat | undefined;
}

/**
 * A batch as it lies in the shared memory a worker slot owns: the inputs one after the other, then the data
 * masks, as long as any row has one. The main thread copies each row in once; the worker reads it from there.
 * The requests keep their own buffers, so that a batch whose worker died can be sent again.
 */
export interface BatchLayout {
  readonly inputs: readonly BatchInput[];
  /** Those that some row wants. */
  readonly outputs: readonly BatchOutput[];
  /** Where the masks of the rows begin, and the bytes of each. */
  readonly masks: { readonly byteOffset: number; readonly rowBytes: number };
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
  const inputs = signature.inputs.map(({ name, type }, index): BatchInput => {
    const shape = rows[0]?.inputs[index]?.shape ?? [];
    const dims = signature.batched ? [rows.length, ...shape] : shape;
    const byteOffset = end;
    const byteLength = elementCount(dims) * ELEMENT_BYTES[type];
    end += aligned(byteLength);
    return { name, type, dims, byteOffset, byteLength };
  });
  const rowBytes = rows.find(({ llr }) => llr)?.llr?.dataMask.byteLength ?? 0;
  return {
    inputs,
    outputs: outputsOf(model, rows, inputs[0]?.dims ?? []),
    masks: { byteOffset: end, rowBytes },
    rows: rows.map(({ outputs, llr }) => ({ outputs, llr: llr?.format })),
    byteLength: end + rows.length * rowBytes,
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
  const { byteOffset, rowBytes } = layout.masks;
  for (const [row, { llr }] of rows.entries()) if (llr) target.set(llr.dataMask, byteOffset + row * rowBytes);
}

/** LLRs have a shape that the contract tells; of other outputs names of axes are no promise. */
function outputsOf(
  { signature, contract }: RunnableModel,
  rows: readonly Row[],
  [batch = 0, , nSym = 0, nSc = 0]: readonly number[],
): BatchOutput[] {
  const wanted = new Set<string>();
  for (const { outputs } of rows) for (const name of outputs) wanted.add(name);
  const llrDims = contract && [batch, contract.bitsPerSymbol, nSym, nSc];
  return signature.outputs
    .filter(({ name }) => wanted.has(name))
    .map(({ name, type }) => ({ name, type, dims: name === 'llr' ? llrDims : undefined }));
}
