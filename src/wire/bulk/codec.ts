import type {
  ComputeLlrRequestMessage,
  ComputeLlrResponseMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from '../messages.js';
import { WireReader } from './reader.js';
import { readRequest, writeRequest } from './requests.js';
import { readResponse, writeResponse } from './responses.js';
import { type Sink, Sizer, Writer } from './sink.js';

/** Encodes and decodes one message type. */
export interface MessageCodec<T> {
  /** Into one buffer of just the length needed. */
  readonly encode: (message: T) => Buffer;
  /** `bytes` fields are views of `bytes`, not copies. @throws Error when the bytes are no such message. */
  readonly decode: (bytes: Uint8Array) => T;
}

/**
 * The messages that carry samples and LLRs, by hand. By proto3's rules where protobufjs has its own: a submessage that
 * comes twice is merged, of a oneof the last member counts, and a field of another wire type than its own is unknown.
 * Otherwise what protobufjs decodes, encodes and refuses.
 */
export const bulkCodecs = {
  ComputeLlrRequest: {
    encode: (message) => written((sink) => writeRequest(sink, message)).buffer,
    decode: (bytes) => readRequest(new WireReader(bytes), false),
  } satisfies MessageCodec<ComputeLlrRequestMessage>,
  StreamLlrRequest: {
    encode: (message) => written((sink) => writeRequest(sink, message)).buffer,
    decode: (bytes) => readRequest(new WireReader(bytes), true),
  } satisfies MessageCodec<StreamLlrRequestMessage>,
  ComputeLlrResponse: {
    encode: (message) => written((sink) => writeResponse(sink, message, false)).buffer,
    decode: (bytes) => readResponse(new WireReader(bytes), true),
  } satisfies MessageCodec<ComputeLlrResponseMessage>,
  StreamLlrResponse: {
    encode: (message) => written((sink) => writeResponse(sink, message, false)).buffer,
    decode: (bytes) => readResponse(new WireReader(bytes), false),
  } satisfies MessageCodec<StreamLlrResponseMessage>,
} as const;

/** A response whose results say in `timing.encodeMs` how long this took, all but writing that number. */
export function encodeTimed(message: StreamLlrResponseMessage | ComputeLlrResponseMessage): {
  readonly bytes: Buffer;
  readonly encodeMs: number;
} {
  const start = performance.now();
  const writer = written((sink) => writeResponse(sink, message, true));
  const encodeMs = performance.now() - start;
  writer.fill(encodeMs);
  return { bytes: writer.buffer, encodeMs };
}

function written(describe: (sink: Sink) => void): Writer {
  const sizer = new Sizer();
  describe(sizer);
  const writer = new Writer(sizer);
  describe(writer);
  return writer;
}
