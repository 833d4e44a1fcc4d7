import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Ports } from './declared.js';

/** Ports that are free now. */
export async function freePorts(): Promise<Ports> {
  const servers = [createServer(), createServer(), createServer()] as const;
  const [http, grpc, admin] = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return { 8000: Number(http), 8001: Number(grpc), 9000: Number(admin) };
}
