import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { SpikingRxError } from '../../../errors.js';
import type {
  InferParameterMessage,
  ModelStreamInferResponseMessage,
} from '../../../wire/inference/messages.js';
import type { ServiceCore } from '../../core.js';
import { errorBody } from '../../errors.js';
import type { Refused } from '../definition.js';
import type { StreamKind } from '../stream-kind.js';
import { inferMessage, inferSize } from './infer.js';
import type { InferRequestMessage } from './infer-request.js';

export type InferStreamCall = ServerDuplexStream<
  InferRequestMessage | Refused,
  ModelStreamInferResponseMessage
>;

/**
 * `ModelStreamInfer`: a message is a request. Answers leave in the order of the requests, because clients may tell
 * them apart by nothing else: ids are optional, and need not differ.
 */
export function inferStream(
  core: ServiceCore,
): StreamKind<InferRequestMessage, ModelStreamInferResponseMessage, ModelStreamInferResponseMessage> {
  return {
    method: 'ModelStreamInfer',
    isOrdered: () => true,
    ids: ({ id }) => [id],
    size: (message, client) => inferSize(core, message, client),
    patienceMs: ({ parameters }) => [
      core.deadlines.patienceMs({ timeoutMs: timeoutMs(parameters['timeout']) }),
    ],
    prepare: (message, context) => async (_index, trace) => {
      const { grids: rows } = inferSize(core, message, context.client);
      const { response } = await inferMessage(core, message, { ...context, trace, rows });
      return { inferResponse: response };
    },
    failed,
    message: ([answer]) => answer!,
    // Each answer is a message of its own.
    sizeOf: () => 1,
    maxMessageBytes: 0,
  };
}

/** Only how long to wait for room: what is no time is refused with the request. */
function timeoutMs(microseconds: unknown): number | undefined {
  return typeof microseconds === 'number' && microseconds > 0 ? microseconds / 1000 : undefined;
}

/** The error in words, and its code and fields where programs can read them. */
function failed(id: string, failure: SpikingRxError): ModelStreamInferResponseMessage {
  const { error } = errorBody(failure);
  const parameters: Record<string, InferParameterMessage> = {};
  for (const [name, value] of Object.entries(error))
    if (typeof value === 'string' && name !== 'message') parameters[name] = { stringParam: value };
  if (error.retryAfterMs !== undefined) parameters['retry_after_ms'] = { int64Param: error.retryAfterMs };
  return { errorMessage: failure.message, inferResponse: { id, parameters } };
}
