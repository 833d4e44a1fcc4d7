/** A process that opens connections and leaves them idle: `node idle-clients.mjs <port> <count> <http1|http2>`. */
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, count, protocol] = process.argv.slice(2);
/** The client's preface (RFC 9113 §3.4) and an empty SETTINGS frame: a whole HTTP/2 session, without a request. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** At a time: the queue of connections that are not accepted yet is finite. */
const BURST = 100;

let closed = 0;
const open = async () => {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined).on('close', () => (closed += 1));
  await once(socket, 'connect');
  if (protocol === 'http2') socket.write(PREFACE);
  socket.resume();
};
for (let opened = 0; opened < Number(count); opened += BURST)
  await Promise.all(Array.from({ length: Math.min(BURST, Number(count) - opened) }, open));

process.on('message', () => process.send({ closed }));
process.send({ opened: Number(count) });
