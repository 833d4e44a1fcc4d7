import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';

/** Unpacks a message that came with its frame. Rejects with a status. */
export type Unpack = (framed: Buffer, encoding: string) => Buffer | Promise<Buffer>;

/**
 * What lies beneath a call in grpc-js, which has no way of its own to end one that its client has stopped taking part
 * in, nor to bound what it unpacks on all calls together.
 */
interface Base {
  readonly stream: ServerHttp2Stream;
  decompressMessage: Unpack;
}
interface Layer extends Partial<Base> {
  readonly nextCall?: Layer;
}

/** @throws Error when grpc-js is no longer built as this file takes it to be. */
export function baseOf(call: ServerInterceptingCallInterface): Base {
  let layer = call as Layer;
  while (layer.nextCall) layer = layer.nextCall;
  if (!layer.stream || !layer.decompressMessage)
    throw new Error('a call of grpc-js is not built as it was expected');
  return layer as Base;
}

/** For a status to get away, before its call is reset. */
export const STATUS_MS = 50;

const calls = new WeakMap<Metadata, ServerInterceptingCallInterface>();

/** So that {@link resetCall} finds the call by its metadata. */
export function rememberCall(metadata: Metadata, call: ServerInterceptingCallInterface): void {
  calls.set(metadata, call);
}

/** Ends a call, and nothing else on its connection, with what is buffered of it in either direction. */
export function resetCall({ metadata }: { readonly metadata: Metadata }): void {
  const call = calls.get(metadata);
  if (call) baseOf(call).stream.close(constants.NGHTTP2_CANCEL);
}
