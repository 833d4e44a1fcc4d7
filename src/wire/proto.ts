import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { MethodDefinition } from '@grpc/grpc-js';
import { bulkCodecs, type MessageCodec } from './bulk/codec.js';
import type {
  ComputeLlrRequestMessage,
  ComputeLlrResponseMessage,
  GetModelRequestMessage,
  ListModelsResponseMessage,
  ModelMessage,
  ReportDecodeRequestMessage,
  ReportDecodeResponseMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from './messages.js';

/** Folder that holds the definitions: `proto/` of the package. */
export const PROTO_DIR = fileURLToPath(new URL('../../proto/', import.meta.url));
export const PROTO_FILE = 'spikingrx/v1/llr.proto';
export const SERVICE_NAME = 'spikingrx.v1.LlrService';

const root = new protobuf.Root().loadSync(`${PROTO_DIR}${PROTO_FILE}`);

/**
 * protobufjs's generated codec used as it is. grpc's proto-loader wraps the same codec in `fromObject` and
 * `toObject`, which copies every bytes field once more each way.
 */
export function messageCodec<T extends object>(name: string): MessageCodec<T> {
  const type = root.lookupType(`spikingrx.v1.${name}`);
  return {
    encode: (message) => type.encode(message).finish() as Buffer,
    decode: (bytes) => type.decode(bytes) as unknown as T,
  };
}

function method<Q, A>(options: {
  readonly name: string;
  readonly request: MessageCodec<Q>;
  readonly response: MessageCodec<A>;
  readonly stream?: boolean;
}): MethodDefinition<Q, A> {
  const { request, response } = options;
  return {
    path: `/${SERVICE_NAME}/${options.name}`,
    originalName: options.name,
    requestStream: options.stream ?? false,
    responseStream: options.stream ?? false,
    requestSerialize: request.encode,
    requestDeserialize: request.decode,
    responseSerialize: response.encode,
    responseDeserialize: response.decode,
  };
}

/** The service as grpc-js wants it, for the server and for clients. */
export const llrServiceDefinition = {
  ComputeLlr: method<ComputeLlrRequestMessage, ComputeLlrResponseMessage>({
    name: 'ComputeLlr',
    request: bulkCodecs.ComputeLlrRequest,
    response: bulkCodecs.ComputeLlrResponse,
  }),
  StreamLlr: method<StreamLlrRequestMessage, StreamLlrResponseMessage>({
    name: 'StreamLlr',
    request: bulkCodecs.StreamLlrRequest,
    response: bulkCodecs.StreamLlrResponse,
    stream: true,
  }),
  ReportDecode: method<ReportDecodeRequestMessage, ReportDecodeResponseMessage>({
    name: 'ReportDecode',
    request: messageCodec('ReportDecodeRequest'),
    response: messageCodec('ReportDecodeResponse'),
  }),
  GetModel: method<GetModelRequestMessage, ModelMessage>({
    name: 'GetModel',
    request: messageCodec('GetModelRequest'),
    response: messageCodec('Model'),
  }),
  ListModels: method<Record<string, never>, ListModelsResponseMessage>({
    name: 'ListModels',
    request: messageCodec('ListModelsRequest'),
    response: messageCodec('ListModelsResponse'),
  }),
};
