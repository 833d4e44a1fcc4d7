import { status, type ServiceError } from '@grpc/grpc-js';
import type { ErrorCode, SpikingRxError } from '../errors.js';
import { remoteError } from './wire.js';

const CODES: Partial<Record<status, ErrorCode>> = {
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [status.NOT_FOUND]: 'NOT_FOUND',
  // The service always says which of its codes it means; without one it was grpc's own message limit.
  [status.RESOURCE_EXHAUSTED]: 'PAYLOAD_TOO_LARGE',
  [status.CANCELLED]: 'CANCELLED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.FAILED_PRECONDITION]: 'FAILED_PRECONDITION',
};

/** A failed call as the project's error; the server's trailers say which code, field and retry time. */
export function grpcError(error: ServiceError): SpikingRxError {
  const text = (key: string): string | undefined => error.metadata?.get(key)[0]?.toString();
  const retryAfter = text('retry-after-ms');
  return remoteError({
    code: text('spikingrx-code') ?? CODES[error.code] ?? 'INTERNAL',
    message: error.details,
    field: text('spikingrx-field'),
    retryAfterMs: retryAfter === undefined ? undefined : Number(retryAfter),
  });
}
