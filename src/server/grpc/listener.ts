import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { Connections } from '../connections.js';

export interface GrpcListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  /** Most connections at a time; further ones are closed at once. */
  readonly maxConnections: number;
  readonly onRefused: () => void;
}

/** The listening sockets of gRPC. grpc-js would listen itself, but without a limit and out of our reach. */
export class GrpcListener {
  readonly #connections = new Connections();
  readonly #servers: NetServer[] = [];

  /** On every address of the host. @throws what the operating system says when none can be listened on. */
  static async open(server: Server, options: GrpcListenOptions): Promise<GrpcListener> {
    const listener = new GrpcListener();
    const injector = server.createConnectionInjector(options.credentials);
    const accept = (socket: Socket): void => {
      listener.#connections.add(socket);
      injector.injectConnection(socket);
    };
    const failures: unknown[] = [];
    for (const { address } of await lookup(options.host, { all: true }))
      try {
        await listener.#listen(address, options, accept);
      } catch (error) {
        failures.push(error);
      }
    if (listener.#servers.length === 0) throw failures[0];
    return listener;
  }

  get port(): number {
    const [first] = this.#servers;
    return (first!.address() as AddressInfo).port;
  }

  /** Takes no more connections. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  /** Ends all connections, those too that never got as far as HTTP/2. */
  closeConnections(): void {
    this.#connections.destroyAll();
  }

  async #listen(host: string, options: GrpcListenOptions, accept: (socket: Socket) => void): Promise<void> {
    const server = createServer({ noDelay: true }, accept);
    server.maxConnections = options.maxConnections;
    server.on('drop', options.onRefused);
    const port = this.#servers.length === 0 ? options.port : this.port;
    server.listen({ host, port });
    await once(server, 'listening');
    this.#servers.push(server);
  }
}
