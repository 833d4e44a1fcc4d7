import {
  type Metadata,
  ResponderBuilder,
  type ServerInterceptingCallInterface,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js';
import { SpikingRxError } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { grpcStatus } from '../errors.js';
import { beginCall, withAnswerMetadata } from './call.js';

/**
 * Ends a call whose one message has not come whole within `requestTimeoutMs`, as REST does: what has come of it is held
 * in memory. Streams may pause; what is in flight on them has time limits of its own.
 */
export function wholeRequestInterceptor(core: ServiceCore): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    if (requestStream) return new ServerInterceptingCall(call);
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => clearTimeout(timer);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        timer = setTimeout(() => refuse(metadata, { core, path, call }), core.config.requestTimeoutMs);
        next(metadata);
      })
      .withOnReceiveHalfClose((next) => {
        stop();
        next();
      })
      .withOnCancel(stop)
      .build();
    return new ServerInterceptingCall(
      call,
      new ResponderBuilder().withStart((next) => next(listener)).build(),
    );
  };
}

/** Recorded here: the method never sees the call. */
function refuse(
  metadata: Metadata,
  at: {
    readonly core: ServiceCore;
    readonly path: string;
    readonly call: ServerInterceptingCallInterface;
  },
): void {
  const { core, path, call } = at;
  const limit = core.config.requestTimeoutMs;
  const failure = new SpikingRxError('DEADLINE_EXCEEDED', `the message had not come whole after ${limit} ms`);
  const record = beginCall(core, { call: { metadata }, method: path.slice(path.lastIndexOf('/') + 1) });
  record.end(failure.code);
  call.sendStatus(withAnswerMetadata(grpcStatus(failure), record));
}
