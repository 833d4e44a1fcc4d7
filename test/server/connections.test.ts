import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { GrpcLlrClient } from '#client/index.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
afterEach(async () => service.close());

/** A connection that says nothing. */
async function idle(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket.resume(), 'connect');
  return socket;
}

test('connections beyond the limit are closed at once, those below are served; the metric counts them', async () => {
  service = await startTestService({ maxConnections: 2, adminPort: 0 });
  const { httpPort, grpcPort, adminPort } = service.server;
  const taken: Socket[] = [];
  for (const port of [httpPort, grpcPort]) {
    for (let i = 0; i < 2; i++) taken.push(await idle(port));
    const refused = connect(port, '127.0.0.1').resume();
    await Promise.race([once(refused, 'close'), once(refused, 'error')]);
    await expect.poll(() => refused.destroyed).toBe(true);
  }
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  for (const port of ['http', 'grpc'])
    expect(text).toMatch(new RegExp(`^spikingrx_connections_refused_total\\{port="${port}"\\} [1-9]`, 'm'));
  const closed = taken.map(async (socket) => once(socket, 'close'));
  for (const socket of taken) socket.destroy();
  await Promise.all(closed);
  await expect.poll(async () => service.rest.models().catch(() => [])).toHaveLength(3);
  const client = new GrpcLlrClient({ target: service.target });
  await client.connect(10_000);
  expect(await client.models()).toHaveLength(3);
  client.close();
});

test('headers beyond maxHeaderBytes, calls beyond maxCallsPerConnection, and connections that are idle', async () => {
  service = await startTestService({
    maxHeaderBytes: 2048,
    maxCallsPerConnection: 1,
    idleConnectionTimeoutMs: 1000,
  });
  const status = async (bytes: number) => {
    const call = request(`${service.url}/healthz`, { headers: { 'x-long': 'x'.repeat(bytes) } }).end();
    const [response] = (await once(call, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    return response.statusCode;
  };
  expect(await status(1000)).toBe(200);
  expect(await status(3000)).toBe(431);

  const answers = await Promise.all(Array.from({ length: 10 }, async () => service.grpc.models()));
  expect(answers.map((models) => models.length)).toEqual(answers.map(() => 3));

  const socket = connect(service.server.httpPort, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  await once(socket.resume(), 'close');
  expect(socket.destroyed).toBe(true);
});
