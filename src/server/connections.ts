import type { Server, Socket } from 'node:net';

/** The connections on a port, those too that never got as far as a request. */
export class Connections {
  readonly #sockets = new Set<Socket>();

  /** Adds each connection that `server` will get. */
  of(server: Server): void {
    server.on('connection', (socket: Socket) => this.add(socket));
  }

  add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
