import type { ElementType } from '../onnx/signature.js';
import type { LlrQuality } from './llr-quality.js';

/** Shape of one received grid. */
export interface GridShape {
  readonly nRx: number;
  readonly nSym: number;
  readonly nSc: number;
}

export type LlrDatatype = 'f32' | 'f16' | 'i8';
/** `codeword`: `[G]`, data REs frequency first, then symbols, b0…b(Qm−1) each. `grid`: `[Qm][nSym][nSc]`. */
export type LlrLayout = 'codeword' | 'grid';
/** `p0_over_p1`: LLR = ln P(b=0)/P(b=1), positive means 0. `p1_over_p0` is its negative. */
export type LlrPolarity = 'p0_over_p1' | 'p1_over_p0';

export interface LlrFormat {
  readonly datatype: LlrDatatype;
  readonly layout: LlrLayout;
  readonly polarity: LlrPolarity;
  /** LLRs are multiplied by `scale` before conversion; `i8` then rounds and saturates to ±127. */
  readonly scale: number;
}

/** Where both wait, `high` gets four times the share of `normal`. */
export type Priority = 'normal' | 'high';

/** What a request takes of the bounded queue: grids, and bytes as they came on the wire. */
export interface RequestSize {
  readonly grids: number;
  readonly bytes: number;
  /** Whose it is: room is shared out between clients. Left out: all such requests are one client's. */
  readonly client?: string;
}

/** What requests of every kind have in common: whose model, until when. */
export interface RequestTerms {
  readonly id: string;
  /** Default model when absent. */
  readonly model?: string;
  /** Default version when absent: the highest, unless another is set. */
  readonly version?: string;
  /**
   * The very model that was looked up (`ModelInfo.instance`): it serves this request even if another has taken
   * its place meanwhile. Without it, name and version decide.
   */
  readonly instance?: string;
  /** No answer is given from then on, on the `performance.now()` clock in milliseconds. */
  readonly deadlineMs?: number;
  /** The deadline is one to be met: it is served by it, the earliest first. Otherwise it is a limit only. */
  readonly urgent?: boolean;
  /** Whose it is: what waits is shared out fairly between clients. Left out: all such requests are one client's. */
  readonly client?: string;
  /** Default `normal`. */
  readonly priority?: Priority;
  /** Aborting it takes the request out of the queue, or drops its row when already in a batch. */
  readonly signal?: AbortSignal | undefined;
  /** Of whoever watches the engine: it comes back with the events. */
  readonly watched?: object | undefined;
}

/**
 * One grid, decoded and validated, in the layout of the model contract. The engine copies its arrays into
 * the batch and needs them until the answer (a batch whose worker dies is sent again): leave them unchanged,
 * neither written nor transferred, until then. Arrays may be views of larger buffers and may be shared
 * between requests, a data mask for example.
 */
export interface LlrRequest extends RequestTerms {
  readonly shape: GridShape;
  /** `[2·nRx, nSym, nSc]` float32: re, im of antenna 0, re, im of antenna 1, … */
  readonly rxGrid: Float32Array<ArrayBuffer>;
  /** `[2, nSym, nSc]` float32: re, im of the pilots, zero where there is none. */
  readonly dmrs: Float32Array<ArrayBuffer>;
  /** `[nSym, nSc]`: 1 where the resource element carries data, 0 elsewhere. */
  readonly dataMask: Uint8Array<ArrayBuffer>;
  readonly format: LlrFormat;
}

/** A tensor by name: `bytes` little-endian, row-major, without gaps; a `bool` is a byte 0 or 1. */
export interface NamedTensor {
  readonly name: string;
  readonly type: ElementType;
  /** The batch axis included, where the model has one. */
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * The inputs of any model, for one or more rows of a batch. Their memory is needed until the answer, as that
 * of an {@link LlrRequest} is.
 */
export interface TensorRequest extends RequestTerms {
  /** Every input of the model once, in any order. */
  readonly inputs: readonly NamedTensor[];
  /** Names of the outputs wanted, in the order of the answer. Default: all that the model has. */
  readonly outputs?: readonly string[];
}

export interface TensorResult {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the model file that computed it, hex. */
  readonly sha256: string;
  readonly outputs: readonly NamedTensor[];
  /** Of several rows: the longest times, the least slack, and the largest batch that one of them was in. */
  readonly timing: LlrTiming;
}

/** Stage times in milliseconds. */
export interface LlrTiming {
  readonly queueMs: number;
  readonly computeMs: number;
  readonly batchSize: number;
  /** Of an urgent one: what was expected to be left to its deadline when its batch was sent. */
  readonly slackMs?: number | undefined;
}

export interface LlrResult {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the model file that computed it, hex. */
  readonly sha256: string;
  readonly llr: {
    readonly datatype: LlrDatatype;
    /** `[G]` for `codeword`, `[Qm, nSym, nSc]` for `grid`. */
    readonly shape: readonly number[];
    /** Little-endian values of `datatype`: a view of a buffer shared with the other grids of its batch. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  };
  readonly quality: LlrQuality;
  readonly timing: LlrTiming;
}

/** What a client may know about a served model version. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** Of this loading: a version that is loaded again gets another. */
  readonly instance: string;
  readonly ready: boolean;
  /** SHA-256 of the model file, hex. */
  readonly sha256: string;
  readonly provider: 'cpu' | 'cuda';
  /** Undefined, as `bitsPerSymbol`, for a model that does not fit the contract and serves tensors only. */
  readonly nRx: number | undefined;
  /** Bits per QAM symbol. */
  readonly bitsPerSymbol: number | undefined;
  /** Why it serves tensors only; undefined where it fits the contract. */
  readonly misfit: string | undefined;
  /** Whether the first axis of its tensors is a batch of any size. */
  readonly batched: boolean;
  readonly modulation: string | undefined;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** The `spikingrx.config` metadata, as parsed; absent for a foreign model that fits the contract. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
}

/** A model that fits the contract: it takes grids and gives LLRs. */
export interface LlrModelInfo extends ModelInfo {
  readonly nRx: number;
  readonly bitsPerSymbol: number;
}

export interface TensorInfo {
  readonly name: string;
  readonly datatype: ElementType;
  /** Symbolic where dynamic, for example `['batch', 4, 'symbols', 'subcarriers']`. */
  readonly shape: readonly (number | string)[];
}

/** Room in the bounded queue, taken before decoding. `release` is idempotent. */
export interface Permit {
  release(): void;
}

/** The seam between the transports and the engine: REST and gRPC are thin codecs over it. */
export interface LlrService {
  /** True while a model is served, a worker lives, and no drain has begun. */
  readonly ready: boolean;
  models(): readonly ModelInfo[];
  /** @throws NOT_FOUND when there is no such model or version. */
  model(name?: string, version?: string): ModelInfo;
  /**
   * Takes room in the queue.
   * @throws QUEUE_FULL (with `retryAfterMs`) when there is none, or the client holds its share; UNAVAILABLE when
   *   draining.
   */
  admit(size: RequestSize): Permit;
  /** Whether `admit` would find too little room, whoever asks. */
  isFull(size: RequestSize): boolean;
  /**
   * Answers exactly once: with the LLRs or with a SpikingRxError (CANCELLED, DEADLINE_EXCEEDED,
   * INTERNAL, …). The caller holds a permit and releases it when the answer is out.
   */
  compute(request: LlrRequest): Promise<LlrResult>;
  /**
   * Runs a model on tensors, in batches shared with other requests: each entry along the batch axis is a row
   * as a grid is. Answers exactly once, as `compute` does, with all rows or with the error of one.
   */
  infer(request: TensorRequest): Promise<TensorResult>;
}

export type ModelState = 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';

/** One version in the repository, served or not. */
export interface RepositoryEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is not served, or what there is to know of one that is; may be empty. Names no paths. */
  readonly reason: string;
  /** Of the file that serves, hex. */
  readonly sha256?: string;
}

/** What is served, and changes to it while requests go on. */
export interface ModelRepository {
  /** Every version in the folder, in the order of names and versions. */
  index(): readonly RepositoryEntry[];
  /**
   * Serves the versions of a model as they now are in its folder; resolves when they do, and what they replace
   * is released. What cannot be loaded is refused, and what served before serves on.
   * @throws SpikingRxError NOT_FOUND; FAILED_PRECONDITION with the reasons of all versions that were refused,
   *   or when the service does not take such requests (`modelControl`).
   */
  load(name: string): Promise<void>;
  /**
   * Takes all versions of a model out of service; resolves when the last requests for them are answered and they
   * are released.
   * @throws SpikingRxError NOT_FOUND; FAILED_PRECONDITION as for `load`.
   */
  unload(name: string): Promise<void>;
}
