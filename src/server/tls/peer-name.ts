import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';

const known = new WeakMap<object, string | undefined>();

/** The common name of the client certificate that TLS has verified; looked up once for each connection. */
export function peerName(socket: Socket): string | undefined {
  const { authorized } = socket as Partial<TLSSocket>;
  if (authorized !== true) return undefined;
  if (!known.has(socket)) known.set(socket, commonName((socket as TLSSocket).getPeerCertificate()));
  return known.get(socket);
}

/** The last one where there are several: the most specific. */
export function commonName(certificate: PeerCertificate | undefined): string | undefined {
  const names: unknown = certificate?.subject?.CN;
  const name: unknown = Array.isArray(names) ? names.at(-1) : names;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
