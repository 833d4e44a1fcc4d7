/**
 * Whose a request is, for fairness: what waits is shared out between these. Where nobody says who he is, it is the
 * machine that he calls from, and each of its streams by itself.
 */
export function clientOfAddress(address: string | undefined): string {
  // IPv4 on a socket that takes both.
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}

/** @param peer `address:port`, as grpc-js has it. */
export function clientOfPeer(peer: string): string {
  return clientOfAddress(peer.replace(/:\d+$/, ''));
}

let streams = 0;

/** A stream has a client of its own. */
export function clientOfStream(peer: string): string {
  streams += 1;
  return `${clientOfPeer(peer)} stream ${streams}`;
}
