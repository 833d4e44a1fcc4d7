import { isIPv6 } from 'node:net';

/** The address of a client as limits count it: who has one of a /64 of IPv6 has all of them. */
export function network(address: string): string {
  // IPv4 on a socket that takes both.
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('%', 1)[0]!.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4).join(':') + '::/64';
}
