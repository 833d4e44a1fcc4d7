import {
  IQ_DATATYPES,
  LLR_DATATYPES,
  LLR_LAYOUTS,
  LLR_POLARITIES,
  PRIORITIES,
  type ComputeLlrRequestMessage,
  type DmrsConfigMessage,
  type GridErrorMessage,
  type GridMessage,
  type GridResultMessage,
  type IqTensorMessage,
  type ModelMessage,
  type OutputFormatMessage,
} from '../../wire/messages.js';
import type { LlrFormat, Priority, RequestSize } from '../../engine/types.js';
import { invalid, type SpikingRxError } from '../../errors.js';
import type { GridAnswer } from '../grids.js';
import { llrFormat } from '../decode-grid.js';
import type { WireTerms } from '../deadlines.js';
import { errorBody, GRPC_STATUS } from '../errors.js';
import type { ModelJson } from '../schemas.js';
import type { WireDmrs, WireDmrsConfig, WireGrid, WireIq } from '../wire-grid.js';

const NO_BYTES = new Uint8Array(0);

/** Name of an enum number; the first name for 0, which means "unspecified". */
function enumName<T extends string>(
  names: Readonly<Record<T, number>>,
  value: number | undefined,
  field: string,
): T | undefined {
  if (value === undefined || value === 0) return undefined;
  for (const name in names) if (names[name] === value) return name;
  throw invalid(field, `one of ${Object.keys(names).join(', ')}`, `enum number ${value}`);
}

function wireIq(tensor: IqTensorMessage, field: string): WireIq {
  return {
    datatype: enumName(IQ_DATATYPES, tensor.datatype, `${field}.datatype`) ?? 'cf32_le',
    shape: tensor.shape ?? [],
    data: tensor.data ?? NO_BYTES,
    scale: tensor.scale ?? undefined,
  };
}

/** Optional fields decode to null, and an empty list means that it was left out. */
function wireConfig(config: DmrsConfigMessage): WireDmrsConfig {
  return {
    configType: config.configType ?? undefined,
    symbolPositions: config.symbolPositions,
    nId: config.nId ?? undefined,
    nScid: config.nScid ?? undefined,
    slot: config.slot ?? undefined,
    port: config.port ?? undefined,
    startRb: config.startRb ?? undefined,
    cdmGroupsWithoutData: config.cdmGroupsWithoutData ?? undefined,
    scale: config.scale ?? undefined,
    startSymbol: config.startSymbol ?? undefined,
    symbolsPerSlot: config.symbolsPerSlot ?? undefined,
  };
}

function wireDmrs(grid: GridMessage, field: string): WireDmrs | undefined {
  if (grid.dmrsConfig) return { kind: 'config', config: wireConfig(grid.dmrsConfig) };
  const tensor = grid.dmrsTensor?.tensor;
  if (!tensor) return undefined;
  const cdmGroupsWithoutData = grid.dmrsTensor?.cdmGroupsWithoutData ?? undefined;
  return { kind: 'tensor', tensor: wireIq(tensor, field), cdmGroupsWithoutData };
}

function format(output: OutputFormatMessage | null | undefined, field: string): LlrFormat {
  return llrFormat(
    {
      datatype: enumName(LLR_DATATYPES, output?.datatype, `${field}.datatype`),
      layout: enumName(LLR_LAYOUTS, output?.layout, `${field}.layout`),
      polarity: enumName(LLR_POLARITIES, output?.polarity, `${field}.polarity`),
      scale: output?.scale ?? undefined,
    },
    field,
  );
}

/**
 * One grid of a message as the core takes it; `bytes` stay views of the message.
 * @param field path of the grid in its message.
 * @throws INVALID_ARGUMENT for an unknown enum number or a bad scale.
 */
export function wireGrid(grid: GridMessage, message: ComputeLlrRequestMessage, field: string): WireGrid {
  const { timeoutMs, deadlineUs, slotTiming } = wireTerms(grid, message);
  return {
    id: grid.id ?? '',
    rx: grid.rx ? wireIq(grid.rx, `${field}.rx`) : undefined,
    dmrs: wireDmrs(grid, `${field}.dmrs`),
    format: grid.output ? format(grid.output, `${field}.output`) : format(message.output, 'output'),
    timeoutMs,
    deadlineUs,
    slotTiming,
  };
}

/** What a grid says of its time. */
export function wireTerms(grid: GridMessage, message: ComputeLlrRequestMessage): WireTerms {
  const { frame = 0, slot = 0, numerology = 0 } = grid.slotTiming ?? {};
  return {
    timeoutMs: grid.timeoutMs ?? message.timeoutMs ?? undefined,
    deadlineUs: grid.deadlineUs ?? undefined,
    slotTiming: grid.slotTiming ? { frame, slot, numerology } : undefined,
  };
}

/** @throws INVALID_ARGUMENT for an unknown enum number. */
export function priorityOf({ priority }: ComputeLlrRequestMessage): Priority {
  return enumName(PRIORITIES, priority, 'priority') ?? 'normal';
}

/** Grids of a message and the bytes of their tensors, for admission. */
export function requestSize({ grids = [] }: ComputeLlrRequestMessage, client: string): RequestSize {
  let bytes = 0;
  for (const { rx, dmrsTensor } of grids)
    bytes += (rx?.data?.byteLength ?? 0) + (dmrsTensor?.tensor?.data?.byteLength ?? 0);
  return { grids: grids.length, bytes, client };
}

export function resultMessage({ result, provenance, quality }: GridAnswer): GridResultMessage {
  const { datatype, shape, bytes } = result.llr;
  const { sha256, provider, decodeMs, queueMs, computeMs, batchSize, slackUs } = provenance;
  return {
    id: result.id,
    llr: { datatype: LLR_DATATYPES[datatype], shape, data: bytes },
    timing: { decodeMs, queueMs, computeMs, batchSize, slackUs },
    model: result.model,
    version: result.version,
    provenance: { sha256, provider },
    quality,
  };
}

export function errorMessage(id: string, error: SpikingRxError): GridResultMessage {
  const grpcStatus = GRPC_STATUS[error.code];
  const message: GridErrorMessage = { ...errorBody(error).error, grpcStatus };
  return { id, error: message };
}

function tensors(list: ModelJson['inputs']): ModelMessage['inputs'] {
  return list.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(String) }));
}

export function modelMessage(model: ModelJson): ModelMessage {
  return {
    name: model.name,
    version: model.version,
    ready: model.ready,
    sha256: model.sha256,
    provider: model.provider,
    providerRequested: model.providerRequested,
    nRx: model.nRx,
    bitsPerSymbol: model.bitsPerSymbol,
    modulation: model.modulation ?? '',
    inputs: tensors(model.inputs),
    outputs: tensors(model.outputs),
    configJson: model.config ? JSON.stringify(model.config) : '',
    isDefault: model.isDefault,
  };
}
