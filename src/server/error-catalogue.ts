import type { ErrorCode } from '../errors.js';

/** What the person at the other end needs to know of one error code. */
export interface ErrorEntry {
  readonly meaning: string;
  /** Other HTTP statuses of this code, with what they say. */
  readonly alsoHttp?: Readonly<Record<number, string>>;
  /** Whether the same request may succeed later, and when. */
  readonly retry: string;
  /** What a client or an operator does about it. */
  readonly remedy: string;
  /** Where it is seen. */
  readonly seen: string;
}

/**
 * Every error code explained, in the order of the page. `npm run docs` makes docs/reference/errors.md of it, with the statuses
 * of `errors.ts`; a code without an entry does not compile.
 */
export const ERROR_CATALOGUE = {
  INVALID_ARGUMENT: {
    meaning:
      'The request is wrong: a field that is missing, unknown, of the wrong type, shape or length, or out of range. `field`, `expected` and `received` say which.',
    alsoHttp: {
      405: 'the path has other methods; `Allow` names them',
      414: 'a part of the path is longer than 256 characters',
      415: 'a content type, or a content encoding, that is not taken',
      431: 'headers of more than `maxHeaderBytes`, the request line included: give long descriptions as JSON',
    },
    retry: 'Never as it is.',
    remedy:
      'Mend the field that the error names. At start-up it is a setting: its flag, variable or key is named.',
    seen: 'REST, gRPC, single grids of a stream; `spikingrx serve` at start',
  },
  UNAUTHENTICATED: {
    meaning: 'Authentication is on, and the call has no valid API key or token.',
    retry: 'With a valid credential.',
    remedy:
      'Send `Authorization: Bearer …` or `x-api-key` (gRPC: metadata of the same names); see security.md.',
    seen: 'REST, gRPC, the end of streams',
  },
  PERMISSION_DENIED: {
    meaning: 'The caller may not make this call: `expected` names the scope that it needs.',
    retry: 'With a credential that has the scope.',
    remedy: 'Give the key or token the scope. Without authentication admin calls need `adminPort`.',
    seen: 'REST, gRPC',
  },
  NOT_FOUND: {
    meaning: 'No such route, or no model of that name and version is served.',
    retry: 'Once the model is loaded.',
    remedy: 'Ask which models there are: `GET /v1/models` or `ListModels`.',
    seen: 'REST, gRPC, single grids of a stream',
  },
  FAILED_PRECONDITION: {
    meaning:
      'Something that the service needs is not as it must be: a model file that cannot be served, an execution provider that is not there, a port that is taken.',
    retry: 'When the operator has mended it.',
    remedy: 'The message says what is wrong with which file, provider or port.',
    seen: '`spikingrx serve` at start, and every other command; calls that load models',
  },
  PAYLOAD_TOO_LARGE: {
    meaning: 'The body, the message, the number of grids or the answer is over its limit.',
    retry: 'Never as it is; in smaller parts at once.',
    remedy: 'Send fewer grids a request, or raise the limit that `expected` states.',
    seen: 'REST, gRPC, single grids of a stream',
  },
  QUEUE_FULL: {
    meaning: 'The service holds as many grids or bytes as it may. Nothing was computed.',
    retry: 'After `retryAfterMs` (`Retry-After`, `retry-after-ms`).',
    remedy: 'Send slower, use a stream (it waits instead), add workers or replicas.',
    seen: 'REST and unary gRPC; streams wait instead',
  },
  RATE_LIMITED: {
    meaning: 'The caller, or its address, asks more often than the settings let it. Nothing was computed.',
    retry: 'After `retryAfterMs` (`Retry-After`, `retry-after-ms`).',
    remedy: 'Send slower; check the credential, if wrong ones were sent; or raise the limit.',
    seen: 'REST, gRPC, single grids of a stream',
  },
  CANCELLED: {
    meaning: 'The caller went away or cancelled before the answer was there.',
    retry: 'As the caller likes.',
    remedy: 'Nothing. Many of them: clients give up sooner than the service answers.',
    seen: 'metrics and logs; a gRPC client sees its own cancellation',
  },
  INTERNAL: {
    meaning: 'A fault of the service. The answer tells nothing of its inside; the log has the cause.',
    retry: 'Once; if it fails again, it will go on failing.',
    remedy: 'Look for the request id (`x-request-id`) in the log, and report it.',
    seen: 'REST, gRPC, single grids of a stream',
  },
  UNAVAILABLE: {
    meaning:
      'The service is starting, shutting down, or has no worker alive; or it shut down before the answer.',
    retry: 'At another replica at once, at this one after a second or so.',
    remedy: '`/readyz` says why. Load balancers should turn away from a replica that is not ready.',
    seen: 'REST, gRPC, the end of streams',
  },
  DEADLINE_EXCEEDED: {
    meaning:
      'The time limit passed before the answer was there: `timeoutMs`, the deadline of the gRPC call, or `requestTimeoutMs`.',
    alsoHttp: { 408: 'the request did not arrive whole within `requestTimeoutMs`' },
    retry: 'For data that is still of use, with more time.',
    remedy: 'Allow more time or send less; watch the queue and compute times in the metrics.',
    seen: 'REST, gRPC, single grids of a stream; a stream whose answers are not read',
  },
} as const satisfies Record<ErrorCode, ErrorEntry>;
