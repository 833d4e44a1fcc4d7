import { ERROR_CODES, SpikingRxError, type ErrorCode } from '../errors.js';
import {
  IQ_DATATYPES,
  LLR_DATATYPES,
  LLR_LAYOUTS,
  LLR_POLARITIES,
  PRIORITIES,
  type ComputeLlrRequestMessage,
  type GridErrorMessage,
  type GridMessage,
  type GridResultMessage,
  type IqTensorMessage,
  type LlrDatatypeName,
  type ModelMessage,
  type OutputFormatMessage,
} from '../wire/messages.js';
import { bytesOf, type ClientGrid, type ComputeOptions, type GridLlr, type IqTensor } from './types.js';
import type { OutputFormat, ServedModel } from './types.js';

function tensorMessage(tensor: IqTensor): IqTensorMessage {
  return {
    datatype: IQ_DATATYPES[tensor.datatype],
    shape: tensor.shape,
    data: bytesOf(tensor.data),
    scale: tensor.scale,
  };
}

function formatMessage(output: OutputFormat): OutputFormatMessage {
  return {
    ...(output.datatype && { datatype: LLR_DATATYPES[output.datatype] }),
    ...(output.layout && { layout: LLR_LAYOUTS[output.layout] }),
    ...(output.polarity && { polarity: LLR_POLARITIES[output.polarity] }),
    scale: output.scale,
  };
}

function gridMessage(grid: ClientGrid): GridMessage {
  const { id, deadlineUs, slotTiming } = grid;
  const common = { id, rx: tensorMessage(grid.rx), deadlineUs, slotTiming };
  if ('config' in grid.dmrs) return { ...common, dmrsConfig: grid.dmrs.config };
  const { cdmGroupsWithoutData } = grid.dmrs;
  return { ...common, dmrsTensor: { tensor: tensorMessage(grid.dmrs), cdmGroupsWithoutData } };
}

/** One request message; also the form of a stream's messages. */
export function requestMessage(
  grids: readonly ClientGrid[],
  options: ComputeOptions,
): ComputeLlrRequestMessage {
  return {
    model: options.model ?? '',
    version: options.version ?? '',
    grids: grids.map(gridMessage),
    output: options.output ? formatMessage(options.output) : undefined,
    timeoutMs: options.timeoutMs,
    ...(options.priority && { priority: PRIORITIES[options.priority] }),
  };
}

const LLR_DATATYPE_NAMES = new Map<number, LlrDatatypeName>([
  [LLR_DATATYPES.f32, 'f32'],
  [LLR_DATATYPES.f16, 'f16'],
  [LLR_DATATYPES.i8, 'i8'],
]);

/** @throws INTERNAL when the result holds no LLRs of a known datatype. */
export function gridLlr(result: GridResultMessage): GridLlr {
  const { id, llr, timing, provenance, quality, model = '', version = '' } = result;
  const datatype = llr ? LLR_DATATYPE_NAMES.get(llr.datatype) : undefined;
  if (!llr || !datatype)
    throw new SpikingRxError('INTERNAL', `the answer for grid "${id}" has no LLRs this client understands`);
  return {
    id,
    model,
    version,
    llr: { datatype, shape: llr.shape, data: llr.data },
    timing: {
      decodeMs: timing?.decodeMs ?? 0,
      queueMs: timing?.queueMs ?? 0,
      computeMs: timing?.computeMs ?? 0,
      batchSize: timing?.batchSize ?? 0,
      ...(typeof timing?.encodeMs === 'number' && { encodeMs: timing.encodeMs }),
      ...(typeof timing?.slackUs === 'number' && { slackUs: timing.slackUs }),
    },
    provenance: { sha256: provenance?.sha256 ?? '', provider: provenance?.provider ?? '' },
    quality: {
      estimatedSnrDb: quality?.estimatedSnrDb ?? undefined,
      meanAbsLlr: quality?.meanAbsLlr ?? 0,
      saturatedFraction: quality?.saturatedFraction ?? 0,
    },
  };
}

/** The error a server told, in whatever transport, as the project's error class. */
export function remoteError(error: {
  readonly code: string;
  readonly message: string;
  readonly field?: string | null | undefined;
  readonly expected?: string | null | undefined;
  readonly received?: string | null | undefined;
  readonly retryAfterMs?: number | null | undefined;
}): SpikingRxError {
  const code = (ERROR_CODES as readonly string[]).includes(error.code)
    ? (error.code as ErrorCode)
    : 'INTERNAL';
  return new SpikingRxError(code, error.message, {
    ...(error.field && { field: error.field }),
    ...(error.expected && { expected: error.expected }),
    ...(error.received && { received: error.received }),
    ...(typeof error.retryAfterMs === 'number' && { retryAfterMs: error.retryAfterMs }),
  });
}

export function gridError(error: GridErrorMessage): SpikingRxError {
  return remoteError(error);
}

function servedTensors(list: ModelMessage['inputs']): ServedModel['inputs'] {
  return list.map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: shape.map((dimension) => (/^\d+$/.test(dimension) ? Number(dimension) : dimension)),
  }));
}

export function servedModel(message: ModelMessage): ServedModel {
  return {
    name: message.name,
    version: message.version,
    ready: message.ready,
    sha256: message.sha256,
    provider: message.provider,
    providerRequested: message.providerRequested,
    isDefault: message.isDefault,
    nRx: message.nRx,
    bitsPerSymbol: message.bitsPerSymbol,
    modulation: message.modulation === '' ? undefined : message.modulation,
    inputs: servedTensors(message.inputs),
    outputs: servedTensors(message.outputs),
    config:
      message.configJson === '' ? undefined : (JSON.parse(message.configJson) as Record<string, unknown>),
  };
}
