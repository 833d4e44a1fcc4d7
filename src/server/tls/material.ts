import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { SpikingRxError } from '../../errors.js';

/** Contents of the files that the settings name, in PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer | undefined;
}

/** When a certificate, and the first of those that vouch for clients, run out: Unix time in milliseconds. */
export interface Expiry {
  readonly server: number;
  readonly clientCa?: number;
}

/**
 * Whether the parts fit, before anything is served with them.
 * @throws FAILED_PRECONDITION, naming the setting; never what its file holds.
 */
export function checkMaterial({ cert, key, ca }: TlsMaterial, nowMs = Date.now()): Expiry {
  const leaf = certificates('tlsCert', cert)[0]!;
  if (!leaf.checkPrivateKey(privateKey(key)))
    throw unfit('tlsKey', 'the private key of tlsCert', 'another key');
  const server = Date.parse(leaf.validTo);
  if (server <= nowMs)
    throw unfit('tlsCert', 'a certificate that still holds', `one that ran out ${leaf.validTo}`);
  const authorities = ca === undefined ? [] : certificates('tlsClientCa', ca);
  attempt('tlsCert', 'certificates that TLS takes', () =>
    createSecureContext(contextOptions({ cert, key, ca })),
  );
  if (authorities.length === 0) return { server };
  return { server, clientCa: Math.min(...authorities.map(({ validTo }) => Date.parse(validTo))) };
}

export function contextOptions({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, ...(ca && { ca }) };
}

/** All of a PEM file, in its order. */
function certificates(field: string, pem: Buffer): readonly X509Certificate[] {
  const blocks =
    pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw unfit(field, 'certificates in PEM', 'something else');
  return blocks.map((block) => attempt(field, 'certificates in PEM', () => new X509Certificate(block)));
}

function privateKey(pem: Buffer): KeyObject {
  return attempt('tlsKey', 'a private key in PEM, without a passphrase', () => createPrivateKey(pem));
}

/** What OpenSSL says of a file that it does not understand is seldom of help, and might quote it. */
function attempt<T>(field: string, expected: string, work: () => T): T {
  try {
    return work();
  } catch {
    throw unfit(field, expected, 'something else');
  }
}

function unfit(field: string, expected: string, received: string): SpikingRxError {
  const message = `${field}: expected ${expected}, received ${received}`;
  return new SpikingRxError('FAILED_PRECONDITION', message, { field, expected, received });
}
