import * as ort from 'onnxruntime-node';
import { SpikingRxError } from '../errors.js';

/*
 * The adapter: the one file of the project that imports onnxruntime-node.
 * `run` computes on the calling thread and blocks it, so the engine keeps sessions in worker threads.
 */

/** Typed array of each tensor type the adapter moves. */
export interface TensorData {
  float32: Float32Array;
  float64: Float64Array;
  /** Bits of IEEE halves. */
  float16: Uint16Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int16: Int16Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  int8: Int8Array;
  /** One byte an element, 0 or 1. */
  bool: Uint8Array;
}

type ArrayOver<T> = new (buffer: ArrayBuffer, byteOffset: number, length: number) => T;

const ARRAYS: { readonly [T in keyof TensorData]: ArrayOver<TensorData[T]> } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  bool: Uint8Array,
};

export type TensorType = keyof TensorData;

/** A dense row-major tensor: `data.length` is the product of `dims`. Its buffer must not be shared memory. */
export type RuntimeTensor = {
  [T in TensorType]: { readonly type: T; readonly data: TensorData[T]; readonly dims: readonly number[] };
}[TensorType];

/** A tensor over the first bytes of a buffer. */
export function tensorOver(type: TensorType, buffer: ArrayBuffer, dims: readonly number[]): RuntimeTensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { type, data: new ARRAYS[type](buffer, 0, length), dims } as RuntimeTensor;
}

export interface SessionOptions {
  /**
   * Execution provider. CUDA that cannot be loaded is an error, never a session on the CPU. Single nodes that
   * CUDA has no kernel for, and arithmetic on shapes, do run on the CPU, as the runtime assigns them: its option
   * to refuse that (`session.disable_cpu_ep_fallback`) counts the latter too. Default `cpu`.
   */
  readonly provider?: 'cpu' | 'cuda';
  /** Threads inside one operator. Default 1: the engine parallelises over workers. */
  readonly intraOpThreads?: number;
  /** CUDA device index, the one CUDA option the Node binding passes on. Default 0. */
  readonly deviceId?: number;
  /** `disabled` helps to compare an optimised graph with the plain one. Default `all`. */
  readonly graphOptimization?: 'disabled' | 'basic' | 'extended' | 'all';
}

export interface ValueInfo {
  readonly name: string;
  readonly type: string;
  /** Numbers where fixed, names where dynamic. */
  readonly dims: readonly (number | string)[];
}

/** Feeds by input name. */
export type Feeds = Readonly<Record<string, RuntimeTensor>>;
/** Output names, or outputs by name: a tensor is written in place, `null` lets the runtime allocate. */
export type Fetches = readonly string[] | Readonly<Record<string, RuntimeTensor | null>>;

export interface Session {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs the graph. Blocks the calling thread while it computes. Pre-allocated outputs are filled in
   * place, and the tensors passed in are the ones returned.
   * @throws SpikingRxError INVALID_ARGUMENT for an unknown name or data that does not fit its dims,
   *   INTERNAL when the runtime fails.
   */
  run(feeds: Feeds, fetches?: Fetches): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/**
 * Loads a model from bytes or from a path.
 * @throws SpikingRxError FAILED_PRECONDITION when the runtime refuses the model or lacks the provider.
 */
export async function createSession(
  model: Uint8Array | string,
  options: SessionOptions = {},
): Promise<Session> {
  const settings: ort.InferenceSession.SessionOptions = {
    executionProviders: executionProviders(options),
    intraOpNumThreads: options.intraOpThreads ?? 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: options.graphOptimization ?? 'all',
    // What fails is thrown, and told once; data of clients must not fill the log.
    logSeverityLevel: 4,
  };
  try {
    // The overloads differ by argument type only, hence the two calls.
    const session =
      typeof model === 'string'
        ? await ort.InferenceSession.create(model, settings)
        : await ort.InferenceSession.create(model, settings);
    return new OrtSession(session);
  } catch (error) {
    const reason = messageOf(error);
    const what = reason.includes('ExecutionProvider') ? 'cannot load its provider' : 'refused the model';
    throw new SpikingRxError('FAILED_PRECONDITION', `onnxruntime ${what}: ${reason}`, { cause: error });
  }
}

function executionProviders(options: SessionOptions): ort.InferenceSession.ExecutionProviderConfig[] {
  if (options.provider === 'cuda') return [{ name: 'cuda', deviceId: options.deviceId ?? 0 }, 'cpu'];
  return ['cpu'];
}

class OrtSession implements Session {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];

  constructor(private readonly session: ort.InferenceSession) {
    this.inputs = session.inputMetadata.map(valueInfo);
    this.outputs = session.outputMetadata.map(valueInfo);
  }

  async run(feeds: Feeds, fetches?: Fetches): Promise<Record<string, RuntimeTensor>> {
    const ortFeeds: Record<string, ort.Tensor> = {};
    for (const [name, tensor] of Object.entries(feeds)) {
      requireName(name, this.inputs, 'input');
      ortFeeds[name] = toOrt(name, tensor);
    }
    const wanted = this.wantedOutputs(fetches);
    const ortFetches: Record<string, ort.Tensor | null> = {};
    for (const [name, tensor] of Object.entries(wanted)) {
      requireName(name, this.outputs, 'output');
      ortFetches[name] = tensor === null ? null : toOrt(name, tensor);
    }
    const results = await this.runRaw(ortFeeds, ortFetches);
    const out: Record<string, RuntimeTensor> = {};
    for (const [name, preallocated] of Object.entries(wanted)) {
      out[name] = preallocated ?? fromOrt(name, results[name]);
    }
    return out;
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private wantedOutputs(fetches: Fetches | undefined): Readonly<Record<string, RuntimeTensor | null>> {
    if (fetches !== undefined && !isNameList(fetches)) return fetches;
    const names = fetches ?? this.outputs.map((output) => output.name);
    return Object.fromEntries(names.map((name) => [name, null]));
  }

  private async runRaw(
    feeds: Record<string, ort.Tensor>,
    fetches: Record<string, ort.Tensor | null>,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    try {
      return await this.session.run(feeds, fetches);
    } catch (error) {
      // Names of the runtime's source files are nobody's business.
      const reason = messageOf(error).replace(/(?:\/?[\w.-]+\/)*[\w-]+\.(?:cc|h):\d+ /g, '');
      throw new SpikingRxError('INTERNAL', `onnxruntime failed to run: ${reason}`, { cause: error });
    }
  }
}

function isNameList(fetches: Fetches): fetches is readonly string[] {
  return Array.isArray(fetches);
}

function valueInfo(metadata: ort.InferenceSession.ValueMetadata): ValueInfo {
  if (!metadata.isTensor) return { name: metadata.name, type: 'non-tensor', dims: [] };
  return { name: metadata.name, type: metadata.type, dims: metadata.shape };
}

function requireName(name: string, known: readonly ValueInfo[], kind: 'input' | 'output'): void {
  if (known.some((value) => value.name === name)) return;
  const names = known.map((value) => value.name).join(', ');
  throw new SpikingRxError('INVALID_ARGUMENT', `no ${kind} is called ${name}; the model has ${names}`);
}

function toOrt(name: string, tensor: RuntimeTensor): ort.Tensor {
  const elements = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (elements !== tensor.data.length) {
    throw new SpikingRxError(
      'INVALID_ARGUMENT',
      `${name}: dims [${tensor.dims.join(', ')}] hold ${elements} elements, data has ${tensor.data.length}`,
    );
  }
  return new ort.Tensor(tensor.type, tensor.data, tensor.dims);
}

function fromOrt(name: string, value: ort.OnnxValue | undefined): RuntimeTensor {
  if (value === undefined) throw new SpikingRxError('INTERNAL', `onnxruntime returned no output ${name}`);
  const { type, data, dims } = value;
  const array = type in ARRAYS ? ARRAYS[type as TensorType] : undefined;
  if (array !== undefined && ArrayBuffer.isView(data)) {
    // Where the runtime has an array of halves, it returns those: the bits are the same.
    const { buffer, byteOffset, length } = data as Uint8Array<ArrayBuffer>;
    const bits = data instanceof array ? data : new array(buffer, byteOffset, length);
    return { type, data: bits, dims } as RuntimeTensor;
  }
  throw new SpikingRxError('INTERNAL', `output ${name} has the unsupported type ${type}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
