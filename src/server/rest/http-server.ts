import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Config } from '../config.js';
import type { Connections } from '../connections.js';
import { withLostAnswersTold } from './lost-answers.js';
import type { ServerTls } from '../tls/server-tls.js';

export interface HttpServerParts {
  readonly config: Config;
  readonly tls: ServerTls | undefined;
  /** Learns of every connection. */
  readonly connections: Connections;
  /** A connection beyond the limit was closed at once. */
  readonly onRefused: () => void;
}

/** The server beneath the REST interface: HTTP, with TLS where there is a certificate. */
export function createHttpServer(handler: RequestListener, parts: HttpServerParts): Server {
  const { config, tls, connections, onRefused } = parts;
  const listener = withLostAnswersTold(handler);
  const server = tls
    ? createTlsServer({ ...httpOptions(config), ...tls.options }, listener)
    : createServer(httpOptions(config), listener);
  if (tls) tls.keepFresh(server as ReturnType<typeof createTlsServer>);
  connections.of(server);
  server.maxConnections = config.maxConnections;
  server.on('drop', onRefused);
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
