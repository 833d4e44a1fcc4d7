import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { ClientGrid } from '#client/index.js';
import { requestMessage } from '#client/wire.js';
import { inferenceServiceDefinition } from '#wire/inference/proto.js';
import { llrServiceDefinition } from '#wire/proto.js';

const { ComputeLlr, StreamLlr } = llrServiceDefinition;
const { ModelInfer } = inferenceServiceDefinition;
const METHODS = { ComputeLlr, StreamLlr, ModelInfer };

/** gRPC over a bare HTTP/2 session, for clients that do not behave. */
export class RawGrpc {
  private constructor(readonly session: ClientHttp2Session) {}

  static async open(target: string, options: { readonly windowBytes?: number } = {}): Promise<RawGrpc> {
    const { windowBytes } = options;
    const settings = windowBytes === undefined ? {} : { settings: { initialWindowSize: windowBytes } };
    const session = connect(`http://${target}`, settings);
    session.on('error', () => undefined);
    await once(session, 'connect');
    return new RawGrpc(session);
  }

  call(method: keyof typeof METHODS, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const { path } = METHODS[method];
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => undefined);
    return stream;
  }

  close(): void {
    this.session.destroy();
  }
}

/** A message with its frame of five bytes, as it is on the wire. */
export function framed(message: Uint8Array, compressed = false): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt8(Number(compressed), 0);
  frame.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([frame, message]);
}

export function computeMessage(grids: readonly ClientGrid[], options = {}): Buffer {
  return Buffer.from(ComputeLlr.requestSerialize(requestMessage(grids, options)));
}

/** The gRPC status that a call ends with; how the stream was reset where there is none. */
export async function statusOf(stream: ClientHttp2Stream): Promise<number | string> {
  const found: { status?: number } = {};
  const note = (headers: Readonly<Record<string, unknown>>): void => {
    const status = headers['grpc-status'];
    if (status !== undefined) found.status = Number(status);
  };
  stream.on('response', note);
  stream.on('trailers', note);
  stream.resume();
  if (!stream.closed)
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
    });
  return (
    found.status ?? `reset ${stream.rstCode === constants.NGHTTP2_NO_ERROR ? '' : stream.rstCode}`.trim()
  );
}
