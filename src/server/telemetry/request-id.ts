import { randomUUID } from 'node:crypto';

/** Header and metadata key of a request's id, in requests and in answers. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The client's own id where it is one to be repeated in logs and answers; a new one otherwise. */
export function requestId(given: unknown): string {
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}
