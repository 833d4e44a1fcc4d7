import type {
  ComputeLlrResponseMessage,
  GridErrorMessage,
  GridResultMessage,
  LlrMessage,
  ProvenanceMessage,
  QualityMessage,
  TimingMessage,
} from '../messages.js';
import { type Filled, readMessage, type WireReader } from './reader.js';
import { delimited, fixed32, isDelimited, isList, varint } from './tags.js';
import type { Sink } from './sink.js';

const NO_BYTES = new Uint8Array(0);

/** @param named whether model and version are known: `StreamLlrResponse` has the results only. */
export function readResponse(reader: WireReader, named: boolean): ComputeLlrResponseMessage {
  const results: GridResultMessage[] = [];
  const message = { model: '', version: '', results };
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(3)) results.push(readMessage(reader, null, readResult));
    else if (tag === delimited(1) && named) message.model = reader.string();
    else if (tag === delimited(2) && named) message.version = reader.string();
    else reader.skip(tag);
  }
  return message;
}

/** @param stamped whether `timing.encodeMs` of every result is left open for {@link Writer.fill}. */
export function writeResponse(
  sink: Sink,
  message: Partial<ComputeLlrResponseMessage>,
  stamped: boolean,
): void {
  sink.string(1, message.model);
  sink.string(2, message.version);
  for (const result of message.results ?? []) {
    sink.begin(3);
    writeResult(sink, result, stamped);
    sink.end();
  }
}

export function readResult(reader: WireReader, before: GridResultMessage | null): GridResultMessage {
  const message = (before ?? {
    id: '',
    llr: null,
    error: null,
    timing: null,
    model: '',
    version: '',
    provenance: null,
    quality: null,
  }) as Filled<GridResultMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(1)) message.id = reader.string();
    else if (tag === delimited(2)) {
      message.llr = readMessage(reader, message.llr, readLlr);
      message.error = null;
    } else if (tag === delimited(3)) {
      message.error = readMessage(reader, message.error, readError);
      message.llr = null;
    } else if (tag === delimited(4)) message.timing = readMessage(reader, message.timing, readTiming);
    else if (tag === delimited(5)) message.model = reader.string();
    else if (tag === delimited(6)) message.version = reader.string();
    else if (tag === delimited(7))
      message.provenance = readMessage(reader, message.provenance, readProvenance);
    else if (tag === delimited(8)) message.quality = readMessage(reader, message.quality, readQuality);
    else reader.skip(tag);
  }
  return message;
}

export function writeResult(sink: Sink, result: GridResultMessage, stamped: boolean): void {
  sink.string(1, result.id);
  if (result.llr) {
    sink.begin(2);
    sink.int32(1, result.llr.datatype);
    sink.uint32s(2, result.llr.shape);
    sink.bytes(3, result.llr.data);
    sink.end();
  }
  if (result.error) writeError(sink, 3, result.error);
  if (result.timing) writeTiming(sink, 4, result.timing, stamped);
  sink.string(5, result.model);
  sink.string(6, result.version);
  if (result.provenance) {
    sink.begin(7);
    sink.string(1, result.provenance.sha256);
    sink.string(2, result.provenance.provider);
    sink.end();
  }
  if (!result.quality) return;
  sink.begin(8);
  sink.optionalFloat(1, result.quality.estimatedSnrDb);
  sink.float(2, result.quality.meanAbsLlr);
  sink.float(3, result.quality.saturatedFraction);
  sink.end();
}

function readLlr(reader: WireReader, before: LlrMessage | null): LlrMessage {
  const message = (before ?? { datatype: 0, shape: [], data: NO_BYTES }) as Filled<LlrMessage> & {
    shape: number[];
  };
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === varint(1)) message.datatype = reader.int32();
    else if (isList(tag, 2)) reader.uint32s(tag, message.shape);
    else if (tag === delimited(3)) message.data = reader.bytes();
    else reader.skip(tag);
  }
  return message;
}

/** Fields of `GridError` that are texts, at their numbers. */
const ERROR_TEXTS = [undefined, 'code', 'message', 'field', 'expected', 'received'] as const;

function readError(reader: WireReader, before: GridErrorMessage | null): GridErrorMessage {
  const message = (before ?? {
    code: '',
    message: '',
    field: '',
    expected: '',
    received: '',
    retryAfterMs: null,
    grpcStatus: 0,
  }) as Filled<GridErrorMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    const name = ERROR_TEXTS[tag >>> 3];
    if (name !== undefined && isDelimited(tag)) message[name] = reader.string();
    else if (tag === varint(6)) message.retryAfterMs = reader.uint32();
    else if (tag === varint(7)) message.grpcStatus = reader.uint32();
    else reader.skip(tag);
  }
  return message;
}

function writeError(sink: Sink, field: number, error: GridErrorMessage): void {
  sink.begin(field);
  sink.string(1, error.code);
  sink.string(2, error.message);
  sink.string(3, error.field);
  sink.string(4, error.expected);
  sink.string(5, error.received);
  sink.optionalUint32(6, error.retryAfterMs);
  sink.uint32(7, error.grpcStatus);
  sink.end();
}

function readTiming(reader: WireReader, before: TimingMessage | null): TimingMessage {
  const message = (before ?? {
    decodeMs: 0,
    queueMs: 0,
    computeMs: 0,
    batchSize: 0,
    encodeMs: null,
    slackUs: null,
  }) as Filled<TimingMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === fixed32(1)) message.decodeMs = reader.float();
    else if (tag === fixed32(2)) message.queueMs = reader.float();
    else if (tag === fixed32(3)) message.computeMs = reader.float();
    else if (tag === varint(4)) message.batchSize = reader.uint32();
    else if (tag === fixed32(5)) message.encodeMs = reader.float();
    else if (tag === fixed32(6)) message.slackUs = reader.float();
    else reader.skip(tag);
  }
  return message;
}

function writeTiming(sink: Sink, field: number, timing: TimingMessage, stamped: boolean): void {
  sink.begin(field);
  sink.float(1, timing.decodeMs);
  sink.float(2, timing.queueMs);
  sink.float(3, timing.computeMs);
  sink.uint32(4, timing.batchSize);
  if (stamped) sink.stamp(5);
  else sink.optionalFloat(5, timing.encodeMs);
  sink.optionalFloat(6, timing.slackUs);
  sink.end();
}

function readProvenance(reader: WireReader, before: ProvenanceMessage | null): ProvenanceMessage {
  const message = (before ?? { sha256: '', provider: '' }) as Filled<ProvenanceMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === delimited(1)) message.sha256 = reader.string();
    else if (tag === delimited(2)) message.provider = reader.string();
    else reader.skip(tag);
  }
  return message;
}

function readQuality(reader: WireReader, before: QualityMessage | null): QualityMessage {
  const message = (before ?? {
    estimatedSnrDb: null,
    meanAbsLlr: 0,
    saturatedFraction: 0,
  }) as Filled<QualityMessage>;
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === fixed32(1)) message.estimatedSnrDb = reader.float();
    else if (tag === fixed32(2)) message.meanAbsLlr = reader.float();
    else if (tag === fixed32(3)) message.saturatedFraction = reader.float();
    else reader.skip(tag);
  }
  return message;
}
