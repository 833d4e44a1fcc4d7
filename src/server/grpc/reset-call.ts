import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';

/** What lies beneath a call in grpc-js, which has no way of its own to end one that its client has stopped taking part in. */
interface Layer {
  readonly nextCall?: Layer;
  readonly stream?: ServerHttp2Stream;
}

/** @throws Error when grpc-js is no longer built as this file takes it to be. */
export function http2StreamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  let layer = call as Layer;
  while (layer.nextCall) layer = layer.nextCall;
  if (!layer.stream) throw new Error('a call of grpc-js without its HTTP/2 stream');
  return layer.stream;
}

const calls = new WeakMap<Metadata, ServerInterceptingCallInterface>();

/** So that {@link resetCall} finds the call by its metadata. */
export function rememberCall(metadata: Metadata, call: ServerInterceptingCallInterface): void {
  calls.set(metadata, call);
}

/** Ends a call, and nothing else on its connection, with what is buffered of it in either direction. */
export function resetCall({ metadata }: { readonly metadata: Metadata }): void {
  const call = calls.get(metadata);
  if (call) http2StreamOf(call).close(constants.NGHTTP2_CANCEL);
}
