/**
 * Types of the wire messages of `proto/spikingrx/v1/llr.proto`, field names in camel case. A test checks
 * them against the definition. Fields left out have proto3 defaults; decoded optional ones are `null`.
 */

/** Values are the enum numbers of the definition. */
export const IQ_DATATYPES = { cf32_le: 1, ci16_le: 2, cf16_le: 3 } as const;
export const LLR_DATATYPES = { f32: 1, f16: 2, i8: 3 } as const;
export const LLR_LAYOUTS = { codeword: 1, grid: 2 } as const;
export const LLR_POLARITIES = { p0_over_p1: 1, p1_over_p0: 2 } as const;
export const PRIORITIES = { normal: 1, high: 2 } as const;

export type IqDatatypeName = keyof typeof IQ_DATATYPES;
export type LlrDatatypeName = keyof typeof LLR_DATATYPES;
export type LlrLayoutName = keyof typeof LLR_LAYOUTS;
export type LlrPolarityName = keyof typeof LLR_POLARITIES;
export type PriorityName = keyof typeof PRIORITIES;

type Optional<T> = T | null | undefined;

export interface IqTensorMessage {
  datatype?: number;
  shape?: readonly number[];
  data?: Uint8Array;
  scale?: Optional<number>;
}

export interface DmrsTensorMessage {
  tensor?: Optional<IqTensorMessage>;
  cdmGroupsWithoutData?: Optional<number>;
}

export interface DmrsConfigMessage {
  configType?: Optional<number>;
  symbolPositions?: readonly number[];
  nId?: Optional<number>;
  nScid?: Optional<number>;
  slot?: Optional<number>;
  port?: Optional<number>;
  startRb?: Optional<number>;
  cdmGroupsWithoutData?: Optional<number>;
  scale?: Optional<number>;
  startSymbol?: Optional<number>;
  symbolsPerSlot?: Optional<number>;
}

export interface OutputFormatMessage {
  datatype?: number;
  layout?: number;
  polarity?: number;
  scale?: Optional<number>;
}

export interface SlotTimingMessage {
  frame?: number;
  slot?: number;
  numerology?: number;
}

export interface GridMessage {
  id?: string;
  rx?: Optional<IqTensorMessage>;
  dmrsTensor?: Optional<DmrsTensorMessage>;
  dmrsConfig?: Optional<DmrsConfigMessage>;
  output?: Optional<OutputFormatMessage>;
  timeoutMs?: Optional<number>;
  deadlineUs?: Optional<number>;
  slotTiming?: Optional<SlotTimingMessage>;
}

export interface ComputeLlrRequestMessage {
  model?: string;
  version?: string;
  grids?: readonly GridMessage[];
  output?: Optional<OutputFormatMessage>;
  timeoutMs?: Optional<number>;
  priority?: number;
}

export interface StreamLlrRequestMessage extends ComputeLlrRequestMessage {
  ordered?: boolean;
}

export interface LlrMessage {
  datatype: number;
  shape: readonly number[];
  data: Uint8Array;
}

export interface GridErrorMessage {
  code: string;
  message: string;
  field?: string;
  expected?: string;
  received?: string;
  retryAfterMs?: Optional<number>;
  grpcStatus?: number;
}

export interface TimingMessage {
  decodeMs: number;
  queueMs: number;
  computeMs: number;
  batchSize: number;
  encodeMs?: Optional<number>;
  slackUs?: Optional<number>;
}

export interface ProvenanceMessage {
  sha256: string;
  provider: string;
}

export interface QualityMessage {
  estimatedSnrDb?: Optional<number>;
  meanAbsLlr: number;
  saturatedFraction: number;
}

export interface GridResultMessage {
  id: string;
  llr?: Optional<LlrMessage>;
  error?: Optional<GridErrorMessage>;
  timing?: Optional<TimingMessage>;
  model?: string;
  version?: string;
  provenance?: Optional<ProvenanceMessage>;
  quality?: Optional<QualityMessage>;
}

export interface ComputeLlrResponseMessage {
  model: string;
  version: string;
  results: readonly GridResultMessage[];
}

export interface StreamLlrResponseMessage {
  results: readonly GridResultMessage[];
}

export interface ReportDecodeRequestMessage {
  reports?: readonly { id?: string; crcOk?: boolean }[];
}

export interface ReportDecodeResponseMessage {
  matched: number;
  unknown: number;
  duplicate: number;
}

export interface GetModelRequestMessage {
  name?: string;
  version?: string;
}

export interface TensorInfoMessage {
  name: string;
  datatype: string;
  shape: readonly string[];
}

export interface ModelMessage {
  name: string;
  version: string;
  ready: boolean;
  sha256: string;
  provider: string;
  providerRequested: string;
  nRx: number;
  bitsPerSymbol: number;
  modulation: string;
  inputs: readonly TensorInfoMessage[];
  outputs: readonly TensorInfoMessage[];
  configJson: string;
  isDefault: boolean;
}

export interface ListModelsResponseMessage {
  models: readonly ModelMessage[];
}
