import { Metadata, type ServerErrorResponse } from '@grpc/grpc-js';
import type { ServiceCore } from '../core.js';
import { REQUEST_ID_HEADER, requestId } from '../telemetry/request-id.js';
import type { RequestRecord } from '../telemetry/requests.js';

interface CallStart {
  readonly call: { readonly metadata: Metadata };
  /** Without the service's name. */
  readonly method: string;
  readonly isStream?: boolean;
}

/** Probes: nobody would look for them in a log. */
const ROUTINE = new Set(['ServerLive', 'ServerReady', 'ModelReady']);

/** Begins the record of a call. */
export function beginCall(core: ServiceCore, { call, method, isStream = false }: CallStart): RequestRecord {
  const headers = (name: string): string | undefined => {
    const [value] = call.metadata.get(name);
    return value === undefined ? undefined : String(value);
  };
  const id = requestId(headers(REQUEST_ID_HEADER));
  const isRoutine = ROUTINE.has(method);
  return core.requests.begin({ transport: 'grpc', method, id, headers, isStream, isRoutine });
}

/** What the answer's initial metadata say of the request. */
export function answerMetadata(record: RequestRecord): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(record.answerHeaders)) metadata.set(key, value);
  return metadata;
}

/** A status whose trailers say the same. */
export function withAnswerMetadata<S extends Partial<ServerErrorResponse> & { readonly metadata: Metadata }>(
  status: S,
  record: RequestRecord,
): S {
  status.metadata.merge(answerMetadata(record));
  return status;
}
