import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Config } from '../config.js';
import type { Connections } from '../connections.js';
import type { ServerTls } from '../tls/server-tls.js';
import { addHttp2, createTlsHttp2Server } from './http2-server.js';
import { withLostAnswersTold } from './lost-answers.js';

export interface HttpServerParts {
  readonly config: Config;
  readonly tls: ServerTls | undefined;
  /** Learns of every connection. */
  readonly connections: Connections;
  /** A connection beyond the limit was closed at once. */
  readonly onRefused: () => void;
}

/** The server beneath the REST interface: HTTP/1.1, and HTTP/2 where it is asked for; with TLS or without. */
export function createHttpServer(handler: RequestListener, parts: HttpServerParts): Server {
  const { config, tls, connections, onRefused } = parts;
  const listener = withLostAnswersTold(handler);
  const server = tls ? tlsServer(listener, config, tls) : clearServer(listener, config);
  connections.of(server);
  server.maxConnections = config.maxConnections;
  server.on('drop', onRefused);
  return server;
}

function clearServer(handler: RequestListener, config: Config): Server {
  const server = createServer(httpOptions(config), handler);
  if (config.http2) addHttp2(server, handler, config);
  return server;
}

function tlsServer(handler: RequestListener, config: Config, tls: ServerTls): Server {
  const http1 = httpOptions(config);
  const server = config.http2
    ? // It has all that is used of the other, which the types do not know.
      (createTlsHttp2Server(handler, { config, http1, tls: tls.options }) as unknown as TlsServer)
    : createTlsServer({ ...http1, ...tls.options }, handler);
  tls.keepFresh(server);
  return server;
}

/** How long a client may take to send a request; Node looks every second whether one has taken longer. */
function httpOptions({ requestTimeoutMs, idleConnectionTimeoutMs, maxHeaderBytes }: Config) {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    keepAliveTimeout: idleConnectionTimeoutMs,
    maxHeaderSize: maxHeaderBytes,
  };
}
