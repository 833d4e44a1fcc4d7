import type { ModelContract } from '../onnx/contract.js';
import { ELEMENT_BYTES, elementCount, type ModelSignature } from '../onnx/signature.js';
import type { LlrFormat } from './types.js';

/** One input of a row; its name and element type are those of the model's input at the same index. */
export interface RowTensor {
  /** Without the batch axis, where the model has one. */
  readonly shape: readonly number[];
  /** Little-endian, row-major. A view of the caller's memory, which stays as it is until the answer. */
  readonly bytes: Uint8Array;
}

/** What becomes of the output `llr` of a row for which LLRs were asked. */
export interface LlrStep {
  readonly format: LlrFormat;
  /** `[nSym, nSc]`: 1 where the resource element carries data, 0 elsewhere. */
  readonly dataMask: Uint8Array;
}

/**
 * What the queue, the batches and the workers carry: the inputs of one entry of a batch, whatever was asked of
 * it. Rows of one model and one `shapeKey` may share a batch.
 */
export interface Row {
  /** In the order of the model's inputs. */
  readonly inputs: readonly RowTensor[];
  /** Names of the outputs wanted, in the order of the answer. */
  readonly outputs: readonly string[];
  /** With it the one output wanted is `llr`. */
  readonly llr: LlrStep | undefined;
  readonly shapeKey: string;
  /** Share of the row in the size limit of a batch: nSym·nSc, or the elements of the largest input. */
  readonly resourceElements: number;
}

/** What the engine has to know of a model to run it. */
export interface RunnableModel {
  readonly signature: ModelSignature;
  readonly contract: Pick<ModelContract, 'nRx' | 'bitsPerSymbol' | 'nSym' | 'nSc'> | undefined;
}

/** A row of `inputs`, which fit the model. */
export function makeRow(
  parts: Pick<Row, 'inputs' | 'outputs' | 'llr'>,
  { contract }: Pick<RunnableModel, 'contract'>,
): Row {
  const { inputs, outputs, llr } = parts;
  const shapeKey = inputs.map(({ shape }) => shape.join('x')).join(' ');
  const resourceElements =
    contract === undefined ? largestOf(inputs) : elementCount(inputs[0]?.shape.slice(1) ?? []);
  return { inputs, outputs, llr, shapeKey, resourceElements };
}

function largestOf(inputs: readonly RowTensor[]): number {
  return Math.max(1, ...inputs.map(({ shape }) => elementCount(shape)));
}

/** False when a caller has given the memory of a row away in the meantime. */
export function isIntact({ inputs, llr }: Row, { signature }: RunnableModel): boolean {
  const hasMask = llr === undefined || llr.dataMask.length > 0;
  return (
    hasMask &&
    inputs.every(({ shape, bytes }, index) => {
      const type = signature.inputs[index]?.type;
      return type !== undefined && bytes.byteLength === elementCount(shape) * ELEMENT_BYTES[type];
    })
  );
}
