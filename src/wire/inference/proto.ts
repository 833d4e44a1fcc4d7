import type { MethodDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { PROTO_DIR } from '../proto.js';
import type {
  EmptyMessage,
  ModelInferRequestMessage,
  ModelInferResponseMessage,
  ModelMetadataResponseMessage,
  ModelNameMessage,
  ModelStreamInferResponseMessage,
  ReadyResponseMessage,
  RepositoryIndexRequestMessage,
  RepositoryIndexResponseMessage,
  RepositoryModelRequestMessage,
  ServerLiveResponseMessage,
  ServerMetadataResponseMessage,
} from './messages.js';

export const INFERENCE_PROTO_FILE = 'inference/grpc_service.proto';
export const INFERENCE_SERVICE_NAME = 'inference.GRPCInferenceService';

const root = new protobuf.Root().loadSync(`${PROTO_DIR}${INFERENCE_PROTO_FILE}`);

/** The messages of a method are `<name>Request` and `<name>Response`, but where `request` says otherwise. */
function method<Q extends object, A extends object>(
  name: string,
  { request = `${name}Request`, isStream = false } = {},
): MethodDefinition<Q, A> {
  const requestType = root.lookupType(`inference.${request}`);
  const responseType = root.lookupType(`inference.${name}Response`);
  return {
    path: `/${INFERENCE_SERVICE_NAME}/${name}`,
    originalName: name,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: (message) => requestType.encode(message).finish() as Buffer,
    requestDeserialize: (bytes) => requestType.decode(bytes) as unknown as Q,
    responseSerialize: (message) => responseType.encode(message).finish() as Buffer,
    responseDeserialize: (bytes) => responseType.decode(bytes) as unknown as A,
  };
}

/** The service of the Open Inference Protocol as grpc-js wants it. */
export const inferenceServiceDefinition = {
  ServerLive: method<EmptyMessage, ServerLiveResponseMessage>('ServerLive'),
  ServerReady: method<EmptyMessage, ReadyResponseMessage>('ServerReady'),
  ModelReady: method<ModelNameMessage, ReadyResponseMessage>('ModelReady'),
  ServerMetadata: method<EmptyMessage, ServerMetadataResponseMessage>('ServerMetadata'),
  ModelMetadata: method<ModelNameMessage, ModelMetadataResponseMessage>('ModelMetadata'),
  ModelInfer: method<ModelInferRequestMessage, ModelInferResponseMessage>('ModelInfer'),
  ModelStreamInfer: method<ModelInferRequestMessage, ModelStreamInferResponseMessage>('ModelStreamInfer', {
    request: 'ModelInferRequest',
    isStream: true,
  }),
  RepositoryIndex: method<RepositoryIndexRequestMessage, RepositoryIndexResponseMessage>('RepositoryIndex'),
  RepositoryModelLoad: method<RepositoryModelRequestMessage, EmptyMessage>('RepositoryModelLoad'),
  RepositoryModelUnload: method<RepositoryModelRequestMessage, EmptyMessage>('RepositoryModelUnload'),
};
