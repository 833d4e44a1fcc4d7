/** Stable error codes. Transports map them exhaustively to HTTP statuses and gRPC codes. */
export const ERROR_CODES = [
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'PAYLOAD_TOO_LARGE',
  'QUEUE_FULL',
  'RATE_LIMITED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
  'FAILED_PRECONDITION',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** Path of the offending field, for example `grids[0].rx.data`. */
  readonly field?: string;
  readonly expected?: string;
  readonly received?: string;
  /** When a retry makes sense, in milliseconds from now. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * The one error class of the project. The message always says what was wrong; `field`, `expected` and
 * `received` say where, what should have come and what came. It never carries tensor contents.
 */
export class SpikingRxError extends Error {
  override readonly name = 'SpikingRxError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.expected = details.expected;
    this.received = details.received;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** An `INVALID_ARGUMENT` error whose message names the field, what was expected and what came. */
export function invalid(field: string, expected: string, received: string): SpikingRxError {
  return new SpikingRxError('INVALID_ARGUMENT', `${field}: expected ${expected}, received ${received}`, {
    field,
    expected,
    received,
  });
}
