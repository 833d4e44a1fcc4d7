import { ServerCredentials } from '@grpc/grpc-js';
import type { Entrance } from './access/access.js';
import { Connections } from './connections.js';
import type { ServiceCore } from './core.js';
import { GrpcListener } from './grpc/listener.js';
import type { GrpcServer } from './grpc/server.js';
import { ListenError } from './listen-error.js';
import type { Logger } from './log.js';
import type { App } from './rest/app-type.js';
import { createRestApp, type RestParts } from './rest/app.js';
import { KnownRoutes } from './rest/known-routes.js';
import type { ServerTls } from './tls/server-tls.js';

export interface ListenParts {
  readonly core: ServiceCore;
  readonly grpc: GrpcServer;
  readonly tls: ServerTls | undefined;
  readonly log: Logger;
}

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly adminPort?: number;
}

interface Opened {
  readonly app: App;
  /** With `adminPort` only. */
  readonly adminApp: App | undefined;
  readonly grpcListener: GrpcListener;
  readonly httpConnections: Connections;
}

/** The ports of the service and the connections on them. */
export class Listeners {
  readonly ports: Ports;
  readonly #grpc: GrpcServer;
  readonly #opened: Opened;

  private constructor(grpc: GrpcServer, opened: Opened) {
    const { app, adminApp, grpcListener } = opened;
    this.#grpc = grpc;
    this.#opened = opened;
    this.ports = {
      httpPort: boundPort(app),
      grpcPort: grpcListener.port,
      ...(adminApp && { adminPort: boundPort(adminApp) }),
    };
  }

  /** @throws ListenError */
  static async open(parts: ListenParts): Promise<Listeners> {
    const { host, httpPort, adminHost, adminPort } = parts.core.config;
    const httpConnections = new Connections();
    const shared = {
      connections: httpConnections,
      routes: { public: new KnownRoutes(), admin: new KnownRoutes() },
    };
    const app = await restApp('public', shared, parts);
    const adminApp = adminPort === undefined ? undefined : await restApp('admin', shared, parts);
    try {
      await openHttp(app, host, httpPort);
      if (adminApp) await openHttp(adminApp, adminHost, adminPort ?? 0);
      const grpcListener = await openGrpc(parts);
      return new Listeners(parts.grpc, { app, adminApp, grpcListener, httpConnections });
    } catch (error) {
      await Promise.all([app.close(), adminApp?.close()]);
      throw error;
    }
  }

  /** Takes no more connections; resolves once those that are open have ended. */
  async close(): Promise<void> {
    const { app, adminApp, grpcListener } = this.#opened;
    grpcListener.close();
    const grpcClosed = new Promise<void>((resolve) => {
      this.#grpc.server.tryShutdown(() => resolve());
    });
    await Promise.all([app.close(), adminApp?.close(), grpcClosed]);
  }

  /** Ends every connection, whatever it is doing. */
  closeConnections(): void {
    this.#grpc.server.forceShutdown();
    this.#opened.grpcListener.closeConnections();
    this.#opened.httpConnections.destroyAll();
  }
}

async function restApp(
  entrance: Entrance,
  shared: Pick<RestParts, 'connections' | 'routes'>,
  { core, tls, log }: ListenParts,
): Promise<App> {
  const onRefused = () => core.metrics.access.connectionRefused(entrance === 'admin' ? 'admin' : 'http');
  return createRestApp(core, { ...shared, entrance, tls, log, onRefused });
}

async function openHttp(app: App, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new ListenError('HTTP', `${host}:${port}`, cause);
  }
}

async function openGrpc({ core, grpc, tls }: ListenParts): Promise<GrpcListener> {
  const { host, grpcPort: port, maxConnections } = core.config;
  const credentials = tls?.grpcCredentials() ?? ServerCredentials.createInsecure();
  const onRefused = () => core.metrics.access.connectionRefused('grpc');
  try {
    return await GrpcListener.open(grpc.server, { host, port, credentials, maxConnections, onRefused });
  } catch (cause) {
    throw new ListenError('gRPC', `${host}:${port}`, cause);
  }
}

function boundPort(app: App): number {
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
