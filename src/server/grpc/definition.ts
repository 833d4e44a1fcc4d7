import type { MethodDefinition } from '@grpc/grpc-js';
import { llrServiceDefinition as wire } from '../../client/proto.js';
import type { Metrics } from '../metrics.js';

/** What the decoder gives for bytes that are no message of the type. */
export class Malformed {
  constructor(readonly bytes: number) {}
}

/**
 * The service definition as the server uses it. A message that does not decode becomes {@link Malformed}, so
 * that handlers can refuse it as the client's mistake: grpc-js would call it INTERNAL and, on a stream, fail
 * every other grid with it. Encoding is timed.
 */
export function serverDefinition(metrics: Metrics) {
  return {
    ComputeLlr: serverMethod(wire.ComputeLlr, metrics),
    StreamLlr: serverMethod(wire.StreamLlr, metrics),
    GetModel: serverMethod(wire.GetModel),
    ListModels: serverMethod(wire.ListModels),
  };
}

function serverMethod<Q, A>(
  method: MethodDefinition<Q, A>,
  metrics?: Metrics,
): MethodDefinition<Q | Malformed, A> {
  const { requestDeserialize, responseSerialize } = method;
  return {
    ...method,
    requestSerialize: method.requestSerialize as (value: Q | Malformed) => Buffer,
    requestDeserialize: (bytes) => {
      try {
        return requestDeserialize(bytes);
      } catch {
        return new Malformed(bytes.byteLength);
      }
    },
    responseSerialize: (answer) => {
      const start = performance.now();
      const bytes = responseSerialize(answer);
      metrics?.stage('encode', performance.now() - start);
      return bytes;
    },
  };
}
