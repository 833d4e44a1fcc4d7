import { ServerCredentials } from '@grpc/grpc-js';
import type { Config } from './config.js';
import type { Connections } from './connections.js';
import type { GrpcServer } from './grpc/server.js';
import { GrpcListener } from './grpc/listener.js';
import { ListenError } from './listen-error.js';
import type { App } from './rest/app-type.js';
import type { ServerTls } from './tls/server-tls.js';

export interface ListenParts {
  readonly config: Config;
  readonly app: App;
  readonly grpc: GrpcServer;
  readonly tls: ServerTls | undefined;
  readonly httpConnections: Connections;
  /** A connection beyond the limit was closed at once. */
  readonly onRefused: (port: 'http' | 'grpc') => void;
}

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** The ports of the service and the connections on them. */
export class Listeners {
  readonly ports: Ports;

  private constructor(
    private readonly parts: ListenParts,
    private readonly grpcListener: GrpcListener,
  ) {
    this.ports = { httpPort: boundPort(parts.app), grpcPort: grpcListener.port };
  }

  /** @throws ListenError */
  static async open(parts: ListenParts): Promise<Listeners> {
    const { app, config } = parts;
    const { host, httpPort } = config;
    await app.listen({ host, port: httpPort }).catch((cause: unknown) => {
      throw new ListenError('HTTP', `${host}:${httpPort}`, cause);
    });
    try {
      return new Listeners(parts, await openGrpc(parts));
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  /** Takes no more connections; resolves once those that are open have ended. */
  async close(): Promise<void> {
    const { app, grpc } = this.parts;
    this.grpcListener.close();
    const grpcClosed = new Promise<void>((resolve) => {
      grpc.server.tryShutdown(() => resolve());
    });
    await Promise.all([app.close(), grpcClosed]);
  }

  /** Ends every connection, whatever it is doing. */
  closeConnections(): void {
    const { grpc, httpConnections } = this.parts;
    grpc.server.forceShutdown();
    this.grpcListener.closeConnections();
    httpConnections.destroyAll();
  }
}

async function openGrpc({ config, grpc, tls, onRefused }: ListenParts): Promise<GrpcListener> {
  const { host, grpcPort: port, maxConnections } = config;
  const credentials = tls?.grpcCredentials() ?? ServerCredentials.createInsecure();
  try {
    const options = { host, port, credentials, maxConnections, onRefused: () => onRefused('grpc') };
    return await GrpcListener.open(grpc.server, options);
  } catch (cause) {
    throw new ListenError('gRPC', `${host}:${port}`, cause);
  }
}

function boundPort(app: App): number {
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
