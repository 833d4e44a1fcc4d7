import type { RequestListener, Server, ServerOptions } from 'node:http';
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Config } from '../config.js';

/** How a client that has agreed on nothing before begins with HTTP/2 (RFC 9113 §3.4). */
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** HTTP/1.1 and HTTP/2 on one port, as the client and TLS agree. */
export function createTlsHttp2Server(
  handler: RequestListener,
  {
    config,
    http1,
    tls,
  }: { readonly config: Config; readonly http1: ServerOptions; readonly tls: TlsOptions },
): Http2SecureServer {
  const options = { ...http1, ...tls, ...http2Options(config), allowHTTP1: true };
  const server = createSecureServer(options, handler as unknown as Handler);
  // Node takes these of HTTP/1.1 as properties only.
  Object.assign(server, {
    requestTimeout: config.requestTimeoutMs,
    headersTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.idleConnectionTimeoutMs,
  });
  limit(server, config);
  closeSessionsWith(server, server);
  return server;
}

/** Makes a server of HTTP/1.1 speak HTTP/2 with those who begin with it. */
export function addHttp2(server: Server, handler: RequestListener, config: Config): void {
  const http2 = createServer(http2Options(config), handler as unknown as Handler);
  limit(http2, config);
  const [serveHttp1] = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sniff(socket, config.requestTimeoutMs, (isHttp2) => {
      if (isHttp2) http2.emit('connection', socket);
      else serveHttp1?.call(server, socket);
    });
  });
  closeSessionsWith(server, http2);
}

function http2Options({ maxCallsPerConnection, maxHeaderBytes }: Config) {
  return {
    settings: { maxConcurrentStreams: maxCallsPerConnection, maxHeaderListSize: maxHeaderBytes },
  };
}

/** What Node does of itself for HTTP/1.1: how long a request may take to come, and a connection be idle. */
function limit(server: Http2Server | Http2SecureServer, config: Config): void {
  server.on('session', (session: ServerHttp2Session) => {
    session.setTimeout(config.idleConnectionTimeoutMs, () => session.close());
  });
  server.on('request', (request: Http2ServerRequest) => {
    if (request.httpVersionMajor !== 2) return;
    const late = () => request.stream.close(constants.NGHTTP2_CANCEL);
    // Of an answer that is not read; HTTP/1.1 ends the connection of itself.
    request.stream.on('timeout', late);
    if (request.stream.endAfterHeaders) return;
    const timer = setTimeout(late, config.requestTimeoutMs);
    for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
  });
}

/** What servers of both kinds have in common. */
interface Closable {
  close(callback?: (error?: Error) => void): unknown;
}

/** Tells the clients on open connections when the server closes; their requests are answered. */
function closeSessionsWith(server: Closable, http2: Http2Server | Http2SecureServer): void {
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const close = server.close.bind(server);
  server.close = (callback) => {
    for (const session of sessions) session.close();
    return close(callback);
  };
}

/** Reads the beginning of a connection, and puts it back. */
function sniff(socket: Socket, patienceMs: number, decide: (isHttp2: boolean) => void): void {
  let start = Buffer.alloc(0);
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk) start = Buffer.concat([start, chunk]);
    const isPreface = PREFACE.startsWith(start.toString('latin1', 0, PREFACE.length));
    if (isPreface && start.byteLength < PREFACE.length) return;
    socket.off('readable', look);
    socket.off('end', ended);
    socket.setTimeout(0);
    socket.unshift(start);
    decide(isPreface);
  };
  const ended = (): void => {
    socket.destroy();
  };
  socket.on('readable', look);
  socket.on('error', () => socket.destroy());
  socket.once('end', ended);
  socket.setTimeout(patienceMs, () => socket.destroy());
}
