import { network } from './access/network.js';
import { ANYBODY, OPERATOR, type Principal } from './access/principal.js';

/**
 * Whose a request is, for fairness: what waits is shared out between these. Where nobody says who he is, it is the
 * machine that he calls from, and each of its streams by itself.
 */
export function clientOfAddress(address: string | undefined): string {
  return network(address ?? 'unknown');
}

/** @param peer `address:port`, as grpc-js has it. */
export function clientOfPeer(peer: string): string {
  return clientOfAddress(peer.replace(/:\d+$/, ''));
}

/** Between a client and the number of his stream. */
const STREAM = ' stream ';
let streams = 0;

/** A stream has a client of its own. */
export function clientOfStream(peer: string): string {
  streams += 1;
  return `${clientOfPeer(peer)}${STREAM}${streams}`;
}

/** Who has said who he is, is one client wherever he calls from, and with all his streams. */
export function clientOf(principal: Principal, otherwise: () => string): string {
  return principal === ANYBODY || principal === OPERATOR ? otherwise() : principal.id;
}

/** Rates and reports are those of whoever opened a stream: more streams make no other client of him. */
export function withoutStream(client: string): string {
  const end = client.lastIndexOf(STREAM);
  return end < 0 ? client : client.slice(0, end);
}
