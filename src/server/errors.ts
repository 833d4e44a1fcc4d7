import { Metadata, status } from '@grpc/grpc-js';
import { SpikingRxError, type ErrorCode } from '../errors.js';
import { asciiOnly } from './ascii.js';

/** HTTP status of each error code. 499 is nginx's "client closed request": nobody is left to read it. */
export const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  PAYLOAD_TOO_LARGE: 413,
  QUEUE_FULL: 429,
  RATE_LIMITED: 429,
  CANCELLED: 499,
  DEADLINE_EXCEEDED: 504,
  UNAVAILABLE: 503,
  FAILED_PRECONDITION: 412,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

/**
 * gRPC status of each error code. What is too large gets the status that grpc itself gives to an oversized
 * message; the `spikingrx-code` trailer and the missing `retry-after-ms` tell it from a full queue.
 */
export const GRPC_STATUS = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  NOT_FOUND: status.NOT_FOUND,
  PAYLOAD_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  QUEUE_FULL: status.RESOURCE_EXHAUSTED,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  CANCELLED: status.CANCELLED,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  UNAVAILABLE: status.UNAVAILABLE,
  FAILED_PRECONDITION: status.FAILED_PRECONDITION,
  INTERNAL: status.INTERNAL,
} as const satisfies Record<ErrorCode, status>;

/** The body of every REST error. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly field?: string;
    readonly expected?: string;
    readonly received?: string;
    readonly retryAfterMs?: number;
  };
}

/**
 * Any thrown value as the project's error. What is not one of ours becomes INTERNAL with a fixed text: stack
 * traces, paths and tensor contents stay in the log.
 */
export function toSpikingRxError(error: unknown): SpikingRxError {
  if (error instanceof SpikingRxError) return error;
  return new SpikingRxError('INTERNAL', 'internal error; the server log has the details', { cause: error });
}

export function errorBody(error: SpikingRxError): ErrorBody {
  const { code, message, field, expected, received, retryAfterMs } = error;
  return {
    error: {
      code,
      message,
      ...(field !== undefined && { field }),
      ...(expected !== undefined && { expected }),
      ...(received !== undefined && { received }),
      ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }),
    },
  };
}

/** Whole seconds, as the Retry-After header wants them; at least one. */
export function retryAfterSeconds(error: SpikingRxError): string | undefined {
  if (error.retryAfterMs === undefined && error.code !== 'QUEUE_FULL') return undefined;
  return String(Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1000)));
}

/**
 * The error as grpc-js wants it. Trailers: `spikingrx-code`, `spikingrx-field` and, where a retry makes sense,
 * `retry-after-ms`.
 */
export function grpcStatus(error: SpikingRxError): { code: status; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('spikingrx-code', error.code);
  if (error.field !== undefined) metadata.set('spikingrx-field', asciiOnly(error.field));
  if (error.retryAfterMs !== undefined) metadata.set('retry-after-ms', String(Math.ceil(error.retryAfterMs)));
  return { code: GRPC_STATUS[error.code], details: wellFormed(error.message), metadata };
}

/** A client's text that was cut may end in half a character, at which grpc-js would throw where nobody catches it. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
