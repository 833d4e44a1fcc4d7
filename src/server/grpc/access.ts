import {
  type Metadata,
  type ServerInterceptingCallInterface,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerListener,
} from '@grpc/grpc-js';
import { SpikingRxError } from '../../errors.js';
import { methodScope } from '../access/methods.js';
import { ANYBODY, type Principal } from '../access/principal.js';
import { clientOf, clientOfAddress } from '../client-key.js';
import type { ServiceCore } from '../core.js';
import { commonName } from '../tls/peer-name.js';
import { grpcStatus, toSpikingRxError } from '../errors.js';
import { beginCall, withAnswerMetadata } from './call.js';

const principals = new WeakMap<Metadata, Principal>();

/** Who makes a call that {@link accessInterceptor} has let in. */
export function principalOf(call: { readonly metadata: Metadata }): Principal {
  return principals.get(call.metadata) ?? ANYBODY;
}

/** Lets a call in to its method, or not, before its messages are read. */
export function accessInterceptor(core: ServiceCore): ServerInterceptor {
  return ({ path }, call) => {
    if (methodScope(path) === 'none') return new ServerInterceptingCall(call);
    const at: Guarded = { core, path, call };
    const listener: ServerListener = {
      onReceiveMetadata: (metadata, next) => void admit(metadata, next, at),
      // grpc-js says so of every call in the end.
      onCancel: () => clearTimeout(at.expiry),
    };
    return new ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}

interface Guarded {
  readonly core: ServiceCore;
  readonly path: string;
  readonly call: ServerInterceptingCallInterface;
  /** Ends the call when its credential runs out. */
  expiry?: NodeJS.Timeout;
}

async function admit(metadata: Metadata, next: (metadata: Metadata) => void, at: Guarded): Promise<void> {
  const { core, path, call } = at;
  const caller = callerOf(call, metadata);
  // Nobody below has a use for them, and what is not there is in no log.
  metadata.remove('authorization');
  metadata.remove('x-api-key');
  try {
    const principal = await core.access.admit(caller, methodScope(path), 'public');
    core.rates.requests.take(
      clientOf(principal, () => clientOfAddress(caller.address)),
      1,
    );
    if (methodScope(path) === 'admin') core.log.info({ principal: principal.id, method: path }, 'admin call');
    principals.set(metadata, principal);
    endWithCredential(principal, at);
  } catch (error) {
    refuse(error, metadata, at);
    return;
  }
  next(metadata);
}

/** Longest time that a timer of Node can wait, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A stream must not outlive the token or key that opened it. */
function endWithCredential({ expiresMs = Infinity }: Principal, at: Guarded): void {
  const leftMs = expiresMs - Date.now();
  if (leftMs > MAX_TIMER_MS) return;
  at.expiry = setTimeout(() => {
    const message = 'the key or token has run out: call again with a new one';
    at.call.sendStatus(grpcStatus(new SpikingRxError('UNAUTHENTICATED', message)));
  }, leftMs);
}

function callerOf(call: ServerInterceptingCallInterface, metadata: Metadata) {
  const text = (key: string): string | undefined => {
    const values = metadata.get(key);
    return values.length === 0 ? undefined : values.join();
  };
  return {
    address: call.getConnectionInfo().remoteAddress ?? 'unknown',
    certificateName: commonName(call.getAuthContext().sslPeerCertificate),
    authorization: text('authorization'),
    apiKey: text('x-api-key'),
  };
}

/** Recorded here: the method never sees the call. */
function refuse(error: unknown, metadata: Metadata, { core, path, call }: Guarded): void {
  const failure = toSpikingRxError(error);
  const method = path.slice(path.lastIndexOf('/') + 1);
  const record = beginCall(core, { call: { metadata }, method });
  record.end(failure.code);
  call.sendStatus(withAnswerMetadata(grpcStatus(failure), record));
}
