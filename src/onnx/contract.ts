import { SpikingRxError } from '../errors.js';
import { type ModelSummary, type TensorSignature, summariseModel } from './model-file.js';
import { formatShape } from './shapes.js';
import { type ModelSignature, signatureOf } from './signature.js';
import { DATA_TYPES } from './types.js';

/** Version of the contract, written to and read from `metadata_props`. */
export const CONTRACT_VERSION = '1';
export const METADATA_KEYS = { contract: 'spikingrx.contract', config: 'spikingrx.config' } as const;

/** Names of the inputs and the output that every served model has. */
export const TENSOR_NAMES = { rxGrid: 'rx_grid', dmrs: 'dmrs', llr: 'llr' } as const;

/** Names of the sizes known only at run time. */
export const DIMS = { batch: 'batch', symbols: 'symbols', subcarriers: 'subcarriers' } as const;

/**
 * What the service knows of a model: inputs `rx_grid` float32 `[batch, 2·nRx, nSym, nSc]` and `dmrs` float32
 * `[batch, 2, nSym, nSc]`, output `llr` float32 `[batch, Qm, nSym, nSc]`.
 */
export interface ModelContract {
  readonly nRx: number;
  /** Qm. */
  readonly bitsPerSymbol: number;
  /** Fixed sizes of the grid, where the model has them; undefined where any size goes. */
  readonly nSym: number | undefined;
  readonly nSc: number | undefined;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** The parsed `spikingrx.config`, absent in a foreign model. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
}

function refuse(reason: string): SpikingRxError {
  return new SpikingRxError('FAILED_PRECONDITION', `the model does not fit the contract: ${reason}`);
}

function findTensor(tensors: readonly TensorSignature[], kind: string, name: string): TensorSignature {
  const tensor = tensors.find((t) => t.name === name);
  if (!tensor) {
    const names = tensors.map((t) => t.name).join(', ') || 'none';
    throw refuse(`expected an ${kind} '${name}', found ${names}`);
  }
  if (tensor.elemType !== DATA_TYPES.float32)
    throw refuse(`${kind} '${name}' must be float32 (1), found element type ${tensor.elemType}`);
  if (tensor.shape.length !== 4)
    throw refuse(`${kind} '${name}' must have 4 dimensions, found ${formatShape(tensor.shape)}`);
  return tensor;
}

/** The batcher decides the size of a batch. */
function requireAnyBatch({ name, shape }: TensorSignature): void {
  if (typeof shape[0] === 'number')
    throw refuse(`dimension 0 of '${name}' must be a batch of any size, found ${formatShape(shape)}`);
}

function channelsOf(tensor: TensorSignature, expected: string, fits: (n: number) => boolean): number {
  const channels = tensor.shape[1];
  if (typeof channels !== 'number' || !fits(channels))
    throw refuse(`dimension 1 of '${tensor.name}' must be ${expected}, found ${formatShape(tensor.shape)}`);
  return channels;
}

function fixedSize(tensors: readonly TensorSignature[], axis: number): number | undefined {
  const sizes = new Set(tensors.map((t) => t.shape[axis]).filter((dim) => typeof dim === 'number'));
  if (sizes.size > 1) throw refuse(`dimension ${axis} differs between tensors: ${[...sizes].join(', ')}`);
  return [...sizes][0];
}

function parseConfig(summary: ModelSummary): Readonly<Record<string, unknown>> | undefined {
  const version = summary.metadata[METADATA_KEYS.contract];
  const text = summary.metadata[METADATA_KEYS.config];
  if (version === undefined) return undefined;
  if (version !== CONTRACT_VERSION)
    throw refuse(`${METADATA_KEYS.contract} must be ${CONTRACT_VERSION}, found '${version}'`);
  try {
    const config: unknown = JSON.parse(text ?? '');
    if (typeof config === 'object' && config !== null && !Array.isArray(config))
      return config as Record<string, unknown>;
  } catch (cause) {
    throw new SpikingRxError('FAILED_PRECONDITION', `${METADATA_KEYS.config} is not valid JSON`, { cause });
  }
  throw refuse(`${METADATA_KEYS.config} must be a JSON object`);
}

/** What a model file says of itself: tensors that it takes and gives and, where it fits, the contract. */
export interface ModelDescription {
  readonly signature: ModelSignature;
  readonly contract: ModelContract | undefined;
  /** Why a model without contract does not fit it. */
  readonly misfit: string | undefined;
}

/**
 * Describes a model file, which need not fit the contract unless it says so in its metadata.
 * @throws SpikingRxError FAILED_PRECONDITION with the reason when it cannot be served.
 */
export function describeModelFile(bytes: Uint8Array): ModelDescription {
  const summary = readSummary(bytes);
  try {
    return { signature: signatureOf(summary, true), contract: contractOf(summary), misfit: undefined };
  } catch (error) {
    if (!(error instanceof SpikingRxError) || METADATA_KEYS.contract in summary.metadata) throw error;
    return { signature: signatureOf(summary), contract: undefined, misfit: error.message };
  }
}

/**
 * Reads the contract of a model file.
 * @throws SpikingRxError FAILED_PRECONDITION with the reason when the file is no ONNX model or does not fit.
 */
export function readModelContract(bytes: Uint8Array): ModelContract {
  return contractOf(readSummary(bytes));
}

function readSummary(bytes: Uint8Array): ModelSummary {
  try {
    return summariseModel(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpikingRxError('FAILED_PRECONDITION', `not an ONNX model: ${reason}`, { cause });
  }
}

function contractOf(summary: ModelSummary): ModelContract {
  const { inputs, outputs } = summary;
  const known = new Set<string>([TENSOR_NAMES.rxGrid, TENSOR_NAMES.dmrs]);
  const extra = inputs.find(({ name }) => !known.has(name));
  const rx = findTensor(inputs, 'input', TENSOR_NAMES.rxGrid);
  const dmrs = findTensor(inputs, 'input', TENSOR_NAMES.dmrs);
  const llr = findTensor(outputs, 'output', TENSOR_NAMES.llr);
  if (extra) throw refuse(`unexpected input '${extra.name}'`);
  for (const tensor of [rx, dmrs, llr]) requireAnyBatch(tensor);
  channelsOf(dmrs, '2', (n) => n === 2);
  return {
    nRx: channelsOf(rx, 'an even number (2·nRx)', (n) => n > 0 && n % 2 === 0) / 2,
    bitsPerSymbol: channelsOf(llr, 'a positive number (Qm)', (n) => n > 0),
    nSym: fixedSize([rx, dmrs, llr], 2),
    nSc: fixedSize([rx, dmrs, llr], 3),
    inputs,
    outputs,
    config: parseConfig(summary),
  };
}
