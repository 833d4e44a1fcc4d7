import type { MethodDefinition } from '@grpc/grpc-js';
import { SpikingRxError } from '../../../errors.js';
import { inferenceServiceDefinition as wire } from '../../../wire/inference/proto.js';
import { maxRequestBytes } from '../../config.js';
import {
  type Decode,
  type DefinitionParts,
  lenient,
  Refused,
  serverMethod,
  tooLarge,
} from '../definition.js';
import { decodeInferRequest, type InferRequestMessage } from './infer-request.js';

/** Names, versions and parameters take no more; what they decode to takes many times as much. */
const MAX_SMALL_MESSAGE_BYTES = 65_536;

/** `inference.GRPCInferenceService` as the server uses it: as that of `LlrService`, and requests stay undecoded. */
export function inferenceServerDefinition({ requests, config, trailers }: DefinitionParts) {
  const encoded = (answer: object, ms: number): void => {
    requests.encoded([answer], ms);
    trailers.encoded(answer, ms);
  };
  const streamed = (answer: object, ms: number): void => requests.encoded([answer], ms);
  const infer = inferDecoder(maxRequestBytes(config));
  return {
    ServerLive: small(wire.ServerLive),
    ServerReady: small(wire.ServerReady),
    ModelReady: small(wire.ModelReady),
    ServerMetadata: small(wire.ServerMetadata),
    ModelMetadata: small(wire.ModelMetadata),
    ModelInfer: timed({ ...wire.ModelInfer, ...ONLY_READ, requestDeserialize: infer }, encoded),
    ModelStreamInfer: timed({ ...wire.ModelStreamInfer, ...ONLY_READ, requestDeserialize: infer }, streamed),
    RepositoryIndex: small(wire.RepositoryIndex),
    RepositoryModelLoad: small(wire.RepositoryModelLoad),
    RepositoryModelUnload: small(wire.RepositoryModelUnload),
  };
}

/** A server writes no requests. */
const ONLY_READ = {
  requestSerialize: (): never => {
    throw new SpikingRxError('INTERNAL', 'a server writes no requests');
  },
};

function timed<Q, A extends object>(
  method: MethodDefinition<Q, A>,
  encoded: (answer: A, ms: number) => void,
): MethodDefinition<Q, A> {
  const responseSerialize = (answer: A): Buffer => {
    const start = performance.now();
    const bytes = method.responseSerialize(answer);
    encoded(answer, performance.now() - start);
    return bytes;
  };
  return { ...method, responseSerialize };
}

function inferDecoder(limit: number): Decode<InferRequestMessage | Refused> {
  return lenient<InferRequestMessage | Refused>((bytes) => {
    const message = decodeInferRequest(bytes);
    return bytes.byteLength <= limit ? message : new Refused(tooLarge(limit, bytes.byteLength), [message.id]);
  });
}

function small<Q, A>(method: MethodDefinition<Q, A>): MethodDefinition<Q | Refused, A> {
  const decode = lenient((bytes) => {
    if (bytes.byteLength > MAX_SMALL_MESSAGE_BYTES) throw tooLarge(MAX_SMALL_MESSAGE_BYTES, bytes.byteLength);
    return method.requestDeserialize(bytes);
  });
  return serverMethod(method, decode);
}
