import { SpikingRxError } from '../errors.js';

/** An address cannot be listened on: taken, forbidden or not of this machine. */
export class ListenError extends SpikingRxError {
  /** @param cause what the operating system said; grpc-js hands on its text only. */
  constructor(what: 'HTTP' | 'gRPC', address: string, cause: unknown) {
    const code = (cause as { code?: unknown } | null)?.code;
    const inUse = code === 'EADDRINUSE' || String(cause).includes('EADDRINUSE');
    const reason = inUse
      ? 'the port is in use; choose another with --http-port, --grpc-port or --admin-port'
      : String(cause);
    super('FAILED_PRECONDITION', `cannot listen for ${what} on ${address}: ${reason}`, { cause });
  }
}
