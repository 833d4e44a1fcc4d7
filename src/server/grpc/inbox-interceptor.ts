import { constants } from 'node:http2';
import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js';
import { SpikingRxError } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { grpcStatus } from '../errors.js';
import { beginCall, withAnswerMetadata } from './call.js';
import type { Inbox, Inboxes } from './inboxes.js';
import { baseOf, rememberCall, STATUS_MS } from './reset-call.js';
import { boundedUnpack } from './unpack.js';

/** What fills the room moves on or is given up. */
const RETRY_MS = 1000;

const inboxes = new WeakMap<Metadata, Inbox>();

/** Of a call that came through {@link inboxInterceptor}. */
export function inboxOf(call: { readonly metadata: Metadata }): Inbox | undefined {
  return inboxes.get(call.metadata);
}

/**
 * Counts what comes of a call's messages, from their first byte until they are handed over; ends the call where there is no
 * room for it.
 * @param limit most bytes of one message, unpacked.
 */
export function inboxInterceptor(core: ServiceCore, room: Inboxes, limit: number): ServerInterceptor {
  return ({ path, requestStream }, call) => {
    const base = baseOf(call);
    let metadata: Metadata | undefined;
    const refuse = (failure: SpikingRxError): void => {
      const status = grpcStatus(failure);
      if (requestStream || metadata === undefined) call.sendStatus(status);
      else {
        // Recorded here: the method never sees the call.
        const method = path.slice(path.lastIndexOf('/') + 1);
        const record = beginCall(core, { call: { metadata }, method });
        call.sendStatus(withAnswerMetadata(status, record));
        record.end(failure.code);
      }
      inbox.close();
      // What waits to be sent may wait for ever.
      setTimeout(() => base.stream.close(constants.NGHTTP2_CANCEL), STATUS_MS);
    };
    const inbox = room.open(() => refuse(noRoom()));
    // Streams say themselves what they have taken.
    if (!requestStream) inbox.keepUntilTaken();
    base.decompressMessage = boundedUnpack({ inbox, limit, refuse });
    // Before grpc-js, which hands a message on as soon as its last byte is there.
    base.stream.prependListener('data', (chunk: Buffer) => inbox.receive(chunk));
    base.stream.once('close', () => inbox.close());
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((received, next) => {
        metadata = received;
        inboxes.set(received, inbox);
        rememberCall(received, call);
        next(received);
      })
      .withOnReceiveHalfClose((next) => {
        if (!requestStream) inbox.taken();
        next();
      })
      .withOnCancel(() => {
        inbox.close();
        // Answered before its client was done, who need not say so ever.
        if (!base.stream.readableEnded)
          setTimeout(() => base.stream.close(constants.NGHTTP2_NO_ERROR), STATUS_MS);
      })
      .build();
    return new ServerInterceptingCall(
      call,
      new ResponderBuilder().withStart((next) => next(listener)).build(),
    );
  };
}

function noRoom(): SpikingRxError {
  return new SpikingRxError(
    'QUEUE_FULL',
    'messages that have not come whole or wait take all their room, and those of this call are the oldest',
    { retryAfterMs: RETRY_MS },
  );
}
