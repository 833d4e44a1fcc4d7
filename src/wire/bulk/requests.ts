import type {
  DmrsConfigMessage,
  DmrsTensorMessage,
  GridMessage,
  IqTensorMessage,
  OutputFormatMessage,
  SlotTimingMessage,
  StreamLlrRequestMessage,
} from '../messages.js';
import { type Filled, readMessage, type WireReader } from './reader.js';
import { delimited, fixed32, isList, isVarint, varint } from './tags.js';
import type { Sink } from './sink.js';

const NO_BYTES = new Uint8Array(0);

/** @param ordered whether field 6 is known: `ComputeLlrRequest` has all of `StreamLlrRequest` but that one. */
export function readRequest(reader: WireReader, ordered: boolean): StreamLlrRequestMessage {
  const grids: GridMessage[] = [];
  const message: Filled<StreamLlrRequestMessage> = {
    model: '',
    version: '',
    grids,
    output: null,
    timeoutMs: null,
    ordered: false,
    priority: 0,
  };
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(1)) message.model = reader.string();
    else if (tag === delimited(2)) message.version = reader.string();
    else if (tag === delimited(3)) grids.push(readMessage(reader, null, readGrid));
    else if (tag === delimited(4)) message.output = readMessage(reader, message.output, readOutputFormat);
    else if (tag === varint(5)) message.timeoutMs = reader.uint32();
    else if (tag === varint(6) && ordered) message.ordered = reader.bool();
    else if (tag === varint(7)) message.priority = reader.int32();
    else reader.skip(tag);
  }
  return message;
}

export function writeRequest(sink: Sink, message: StreamLlrRequestMessage): void {
  sink.string(1, message.model);
  sink.string(2, message.version);
  for (const grid of message.grids ?? []) {
    sink.begin(3);
    writeGrid(sink, grid);
    sink.end();
  }
  if (message.output) writeOutputFormat(sink, 4, message.output);
  sink.optionalUint32(5, message.timeoutMs);
  sink.bool(6, message.ordered);
  sink.int32(7, message.priority);
}

function readGrid(reader: WireReader, before: GridMessage | null): GridMessage {
  const message = (before ?? {
    id: '',
    rx: null,
    dmrsTensor: null,
    dmrsConfig: null,
    output: null,
    timeoutMs: null,
    deadlineUs: null,
    slotTiming: null,
  }) as Filled<GridMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(1)) message.id = reader.string();
    else if (tag === delimited(2)) message.rx = readMessage(reader, message.rx, readIqTensor);
    else if (tag === delimited(3)) {
      message.dmrsTensor = readMessage(reader, message.dmrsTensor, readDmrsTensor);
      message.dmrsConfig = null;
    } else if (tag === delimited(4)) {
      message.dmrsConfig = readMessage(reader, message.dmrsConfig, readDmrsConfig);
      message.dmrsTensor = null;
    } else if (tag === delimited(5)) message.output = readMessage(reader, message.output, readOutputFormat);
    else if (tag === varint(6)) message.timeoutMs = reader.uint32();
    else if (tag === varint(7)) message.deadlineUs = reader.uint32();
    else if (tag === delimited(8))
      message.slotTiming = readMessage(reader, message.slotTiming, readSlotTiming);
    else reader.skip(tag);
  }
  return message;
}

function writeGrid(sink: Sink, grid: GridMessage): void {
  sink.string(1, grid.id);
  if (grid.rx) writeIqTensor(sink, 2, grid.rx);
  if (grid.dmrsTensor) {
    sink.begin(3);
    if (grid.dmrsTensor.tensor) writeIqTensor(sink, 1, grid.dmrsTensor.tensor);
    sink.optionalUint32(2, grid.dmrsTensor.cdmGroupsWithoutData);
    sink.end();
  }
  if (grid.dmrsConfig) writeDmrsConfig(sink, 4, grid.dmrsConfig);
  if (grid.output) writeOutputFormat(sink, 5, grid.output);
  sink.optionalUint32(6, grid.timeoutMs);
  sink.optionalUint32(7, grid.deadlineUs);
  if (!grid.slotTiming) return;
  sink.begin(8);
  sink.uint32(1, grid.slotTiming.frame);
  sink.uint32(2, grid.slotTiming.slot);
  sink.uint32(3, grid.slotTiming.numerology);
  sink.end();
}

function readIqTensor(reader: WireReader, before: IqTensorMessage | null): IqTensorMessage {
  const message = (before ?? {
    datatype: 0,
    shape: [],
    data: NO_BYTES,
    scale: null,
  }) as Filled<IqTensorMessage> & { shape: number[] };
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === varint(1)) message.datatype = reader.int32();
    else if (isList(tag, 2)) reader.uint32s(tag, message.shape);
    else if (tag === delimited(3)) message.data = reader.bytes();
    else if (tag === fixed32(4)) message.scale = reader.float();
    else reader.skip(tag);
  }
  return message;
}

function writeIqTensor(sink: Sink, field: number, tensor: IqTensorMessage): void {
  sink.begin(field);
  sink.int32(1, tensor.datatype);
  sink.uint32s(2, tensor.shape);
  sink.bytes(3, tensor.data);
  sink.optionalFloat(4, tensor.scale);
  sink.end();
}

function readDmrsTensor(reader: WireReader, before: DmrsTensorMessage | null): DmrsTensorMessage {
  const message = (before ?? {
    tensor: null,
    cdmGroupsWithoutData: null,
  }) as Filled<DmrsTensorMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(1)) message.tensor = readMessage(reader, message.tensor, readIqTensor);
    else if (tag === varint(2)) message.cdmGroupsWithoutData = reader.uint32();
    else reader.skip(tag);
  }
  return message;
}

/** Fields of `DmrsConfig` that are optional whole numbers, at their numbers. */
const CONFIG_NUMBERS = [
  undefined,
  'configType',
  undefined,
  'nId',
  'nScid',
  'slot',
  'port',
  'startRb',
  'cdmGroupsWithoutData',
  undefined,
  'startSymbol',
  'symbolsPerSlot',
] as const;

function readDmrsConfig(reader: WireReader, before: DmrsConfigMessage | null): DmrsConfigMessage {
  const message = (before ?? {
    configType: null,
    symbolPositions: [],
    nId: null,
    nScid: null,
    slot: null,
    port: null,
    startRb: null,
    cdmGroupsWithoutData: null,
    scale: null,
    startSymbol: null,
    symbolsPerSlot: null,
  }) as Filled<DmrsConfigMessage> & { symbolPositions: number[] };
  while (reader.more) {
    const tag = reader.uint32();
    const name = CONFIG_NUMBERS[tag >>> 3];
    if (name !== undefined && isVarint(tag)) message[name] = reader.uint32();
    else if (isList(tag, 2)) reader.uint32s(tag, message.symbolPositions);
    else if (tag === fixed32(9)) message.scale = reader.float();
    else reader.skip(tag);
  }
  return message;
}

function writeDmrsConfig(sink: Sink, field: number, config: DmrsConfigMessage): void {
  sink.begin(field);
  sink.optionalUint32(1, config.configType);
  sink.uint32s(2, config.symbolPositions);
  sink.optionalUint32(3, config.nId);
  sink.optionalUint32(4, config.nScid);
  sink.optionalUint32(5, config.slot);
  sink.optionalUint32(6, config.port);
  sink.optionalUint32(7, config.startRb);
  sink.optionalUint32(8, config.cdmGroupsWithoutData);
  sink.optionalFloat(9, config.scale);
  sink.optionalUint32(10, config.startSymbol);
  sink.optionalUint32(11, config.symbolsPerSlot);
  sink.end();
}

function readOutputFormat(reader: WireReader, before: OutputFormatMessage | null): OutputFormatMessage {
  const message = (before ?? {
    datatype: 0,
    layout: 0,
    polarity: 0,
    scale: null,
  }) as Filled<OutputFormatMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === varint(1)) message.datatype = reader.int32();
    else if (tag === varint(2)) message.layout = reader.int32();
    else if (tag === varint(3)) message.polarity = reader.int32();
    else if (tag === fixed32(4)) message.scale = reader.float();
    else reader.skip(tag);
  }
  return message;
}

function writeOutputFormat(sink: Sink, field: number, output: OutputFormatMessage): void {
  sink.begin(field);
  sink.int32(1, output.datatype);
  sink.int32(2, output.layout);
  sink.int32(3, output.polarity);
  sink.optionalFloat(4, output.scale);
  sink.end();
}

function readSlotTiming(reader: WireReader, before: SlotTimingMessage | null): SlotTimingMessage {
  const message = (before ?? { frame: 0, slot: 0, numerology: 0 }) as Filled<SlotTimingMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === varint(1)) message.frame = reader.uint32();
    else if (tag === varint(2)) message.slot = reader.uint32();
    else if (tag === varint(3)) message.numerology = reader.uint32();
    else reader.skip(tag);
  }
  return message;
}
