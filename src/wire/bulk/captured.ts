import type { ComputeLlrRequestMessage, GridResultMessage } from '../messages.js';
import { type Filled, readMessage, WireReader } from './reader.js';
import { readRequest, writeRequest } from './requests.js';
import { readResult, writeResult } from './responses.js';
import { type Sink, Sizer, Writer } from './sink.js';
import { delimited, varint } from './tags.js';

/** `spikingrx.v1.CapturedGrid`: a grid with its answer, as the service captures it. */
export interface CapturedGridMessage {
  /** Unix time: seconds, and microseconds of the second. */
  readonly receivedS: number;
  readonly receivedUs: number;
  readonly transport: string;
  readonly request: ComputeLlrRequestMessage | null;
  readonly result: GridResultMessage | null;
}

/** The message after its length, as files hold it: two buffers to be written one after the other. */
export function encodeCaptured(message: CapturedGridMessage): readonly [Buffer, Buffer] {
  const sizer = new Sizer();
  describe(sizer, message);
  const writer = new Writer(sizer);
  describe(writer, message);
  return [lengthPrefix(sizer.length), writer.buffer];
}

function describe(sink: Sink, message: CapturedGridMessage): void {
  sink.uint32(1, message.receivedS);
  sink.uint32(2, message.receivedUs);
  sink.string(3, message.transport);
  if (message.request) {
    sink.begin(4);
    writeRequest(sink, message.request);
    sink.end();
  }
  if (!message.result) return;
  sink.begin(5);
  writeResult(sink, message.result, false);
  sink.end();
}

function lengthPrefix(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** `bytes` fields are views. @throws Error when the bytes are no such message. */
export function decodeCaptured(bytes: Uint8Array): CapturedGridMessage {
  const reader = new WireReader(bytes);
  const message: Filled<CapturedGridMessage> = {
    receivedS: 0,
    receivedUs: 0,
    transport: '',
    request: null,
    result: null,
  };
  while (reader.more) {
    const tag = reader.uint32();
    if (tag === varint(1)) message.receivedS = reader.uint32();
    else if (tag === varint(2)) message.receivedUs = reader.uint32();
    else if (tag === delimited(3)) message.transport = reader.string();
    else if (tag === delimited(4))
      message.request = readMessage(reader, null, (inner) => readRequest(inner, false));
    else if (tag === delimited(5)) message.result = readMessage(reader, null, readResult);
    else reader.skip(tag);
  }
  return message;
}
