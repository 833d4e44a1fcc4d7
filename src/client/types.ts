import { decodeFloat16 } from '../float16.js';
import type {
  DmrsConfigMessage,
  IqDatatypeName,
  LlrDatatypeName,
  LlrLayoutName,
  LlrPolarityName,
  PriorityName,
} from '../wire/messages.js';

/** Complex samples: interleaved I, Q, little-endian, row-major in `shape`. */
export interface IqTensor {
  readonly datatype: IqDatatypeName;
  /** `[nRx, nSym, nSc]` of a received grid, `[nSym, nSc]` of pilots. */
  readonly shape: readonly number[];
  /** For `cf32_le` a Float32Array of 2·Πshape values, for `ci16_le` an Int16Array, for `cf16_le` the bytes. */
  readonly data: ArrayBufferView;
  /** Samples are multiplied by it; 1 when left out, 1/32768 for `ci16_le`. */
  readonly scale?: number;
}

export interface DmrsTensor extends IqTensor {
  /** 2: resource elements of DMRS symbols hold no data at all. 1 when left out. */
  readonly cdmGroupsWithoutData?: number;
}

export type DmrsConfig = {
  readonly [K in keyof DmrsConfigMessage]?: NonNullable<DmrsConfigMessage[K]>;
};

/** Which LLRs to answer with; f32, codeword, p0_over_p1, scale 1 when left out. */
export interface OutputFormat {
  readonly datatype?: LlrDatatypeName;
  readonly layout?: LlrLayoutName;
  readonly polarity?: LlrPolarityName;
  readonly scale?: number;
}

/** One received slot and its pilots. */
export interface ClientGrid {
  readonly id: string;
  readonly rx: IqTensor;
  readonly dmrs: DmrsTensor | { readonly config: DmrsConfig };
  /**
   * The LLRs are of use for so many microseconds from when the server has read the message or, with `slotTiming`, from
   * the start of the slot. The earliest deadline is served first.
   */
  readonly deadlineUs?: number;
  /** The slot that the grid was received in; without `deadlineUs` the server has a budget of its own. */
  readonly slotTiming?: SlotTiming;
}

/** Numbering of TS 38.211 §4.3. */
export interface SlotTiming {
  /** System frame number, 0 … 1023. */
  readonly frame: number;
  /** Slot in the frame, 0 … 10·2^numerology − 1. */
  readonly slot: number;
  /** Slots of 1 ms / 2^numerology; 0 … 6. */
  readonly numerology: number;
}

export interface ComputeOptions {
  readonly model?: string;
  readonly version?: string;
  readonly output?: OutputFormat;
  /** The server gives up, and answers DEADLINE_EXCEEDED, after so many milliseconds. */
  readonly timeoutMs?: number;
  /** `high` gets four times the share of `normal` where both wait; `normal` when left out. */
  readonly priority?: PriorityName;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

export interface Llr {
  readonly datatype: LlrDatatypeName;
  /** `[G]` for the codeword layout, `[Qm, nSym, nSc]` for the grid layout. */
  readonly shape: readonly number[];
  /** Little-endian values of `datatype`; not aligned. See {@link llrValues}. */
  readonly data: Uint8Array;
}

/** Stage times in milliseconds, and the number of grids that ran together. */
export interface Timing {
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  /** Where it is told: in JSON to convert the LLRs, elsewhere to encode the message. */
  readonly encodeMs?: number;
  readonly batchSize: number;
  /** Of a grid with a deadline: microseconds expected to be left to it when its batch was sent. */
  readonly slackUs?: number;
}

/** How good the signal of a grid was, and how sure the receiver. */
export interface Quality {
  /** Signal-to-noise ratio, estimated from the pilots; undefined where they are too few. */
  readonly estimatedSnrDb: number | undefined;
  /** Mean magnitude of the LLRs before the scale asked for. */
  readonly meanAbsLlr: number;
  /** Share of the values at the limits of their datatype, 0 … 1. */
  readonly saturatedFraction: number;
}

/** What computed an answer, beside its model and version. */
export interface Provenance {
  /** SHA-256 of the model file, hex. */
  readonly sha256: string;
  /** Execution provider: cpu or cuda. */
  readonly provider: string;
}

export interface GridLlr {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly llr: Llr;
  readonly timing: Timing;
  readonly provenance: Provenance;
  readonly quality: Quality;
}

/** Whether what was decoded from one grid's LLRs passed its check. */
export interface DecodeReport {
  readonly id: string;
  readonly crcOk: boolean;
}

/** How many reports were counted; those of ids that the service does not remember, or knows already, were not. */
export interface ReportTally {
  readonly matched: number;
  readonly unknown: number;
  readonly duplicate: number;
}

/** What the service tells about a model. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly ready: boolean;
  readonly sha256: string;
  readonly provider: string;
  readonly providerRequested: string;
  readonly isDefault: boolean;
  /** 0, as `bitsPerSymbol`, for a model that takes tensors and no grids. */
  readonly nRx: number;
  readonly bitsPerSymbol: number;
  readonly modulation?: string | undefined;
  readonly inputs: readonly { name: string; datatype: string; shape: readonly (number | string)[] }[];
  readonly outputs: readonly { name: string; datatype: string; shape: readonly (number | string)[] }[];
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** Bytes of any typed array, without a copy. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/**
 * Planar `[2·n, …plane]` float32 (re, im of plane 0, re, im of plane 1, …: the layout of the model) to the
 * interleaved `[n, …plane]` `cf32_le` of the wire.
 * @param plane samples in one plane, nSym·nSc
 */
export function interleave(planar: Float32Array, plane: number): Float32Array<ArrayBuffer> {
  if (!Number.isInteger(plane) || plane < 1 || planar.length % (2 * plane) !== 0)
    throw new RangeError(`planar: expected a multiple of 2·${plane} values, received ${planar.length}`);
  const out = new Float32Array(planar.length);
  for (let base = 0; base < planar.length; base += 2 * plane)
    for (let i = 0; i < plane; i++) {
      out[base + 2 * i] = planar[base + i]!;
      out[base + 2 * i + 1] = planar[base + plane + i]!;
    }
  return out;
}

/** LLRs as float32, whatever the datatype on the wire; the scale asked for is still in them. */
export function llrValues(llr: Llr): Float32Array<ArrayBuffer> {
  const { data } = llr;
  if (llr.datatype === 'f32') {
    const out = new Float32Array(data.byteLength / 4);
    new Uint8Array(out.buffer).set(data);
    return out;
  }
  if (llr.datatype === 'i8')
    return Float32Array.from(new Int8Array(data.buffer, data.byteOffset, data.byteLength));
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float32Array.from({ length: data.byteLength / 2 }, (_, i) =>
    decodeFloat16(view.getUint16(2 * i, true)),
  );
}
