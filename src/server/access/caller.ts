import { SpikingRxError } from '../../errors.js';

/** What a call says of who makes it. */
export interface Caller {
  /** Of the other end of the connection: what proxies say of their clients is not believed. */
  readonly address: string;
  /** Value of `Authorization`. */
  readonly authorization?: string | undefined;
  /** Value of `X-API-Key`. */
  readonly apiKey?: string | undefined;
  /** Common name in the subject of the client certificate that TLS has verified. */
  readonly certificateName?: string | undefined;
}

/** The longest credential looked at; a token is seldom a quarter of it. */
const MAX_CREDENTIAL_LENGTH = 8192;

/** The key or token of a call that has one, in either header. @throws UNAUTHENTICATED. */
export function credentialOf({ authorization, apiKey }: Caller): string {
  if (authorization !== undefined && apiKey !== undefined)
    throw malformed('a key or token in authorization or in x-api-key', 'both');
  const credential = apiKey ?? /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? '')?.[1];
  if (credential === undefined) throw malformed('Bearer and a key or token', 'another form');
  if (credential.length > MAX_CREDENTIAL_LENGTH)
    throw malformed(`at most ${MAX_CREDENTIAL_LENGTH} characters`, `${credential.length} characters`);
  return credential;
}

function malformed(expected: string, received: string): SpikingRxError {
  return unauthenticated(`authorization: expected ${expected}, received ${received}`, expected, received);
}

/** Says nothing of the credential, nor of what a right one would have to be like. */
export function unauthenticated(message: string, expected: string, received: string): SpikingRxError {
  return new SpikingRxError('UNAUTHENTICATED', message, { field: 'authorization', expected, received });
}
