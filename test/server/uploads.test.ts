import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { loadConfig, maxJsonBytes } from '#server/config.js';
import { Random } from '#phy/random.js';
import { base64, grid, jsonGrid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await service.close();
});

const SMALL = { maxPrb: 20, maxRx: 4, maxBatchResourceElements: 3360 };
const LARGEST = maxJsonBytes(loadConfig({ flags: SMALL }));

/** An upload that announces `bytes` and sends only `sent` of them. */
async function halfUpload(bytes: number, sent: number): Promise<void> {
  const socket = connect(service.server.httpPort, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  const head = `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;
  await new Promise<void>((resolve) => {
    socket.write(head + ' '.repeat(sent), () => resolve());
  });
}

const admitted = () => service.server.engine.stats.admittedBytes;

test('bodies that are announced and do not come hold no room', async () => {
  service = await startTestService({ ...SMALL, maxQueuedBytes: LARGEST * 2 });
  for (let i = 0; i < 150; i++) await halfUpload(LARGEST, 0);
  expect(admitted()).toBe(0);
  expect(await service.rest.computeJson([grid()])).toHaveLength(1);
  expect(await service.rest.compute([grid()])).toHaveLength(1);
  expect(await service.grpc.compute([grid()])).toHaveLength(1);
});

test('what has come of a body holds room until its connection is gone', async () => {
  service = await startTestService({ ...SMALL, maxQueuedBytes: LARGEST * 2 });
  await halfUpload(LARGEST, 50_000);
  await expect.poll(admitted).toBeGreaterThan(30_000);
  expect(admitted()).toBeLessThanOrEqual(50_000);
  sockets[0]!.destroy();
  await expect.poll(admitted).toBe(0);
});

test('a body that runs out of room half-way gets 429, and its connection goes on', async () => {
  service = await startTestService({ ...SMALL, maxQueuedBytes: Math.ceil((LARGEST * 9) / 8) });
  await halfUpload(LARGEST, LARGEST - 20_000);
  await expect.poll(admitted).toBeGreaterThan(LARGEST - 40_000);
  const { agent, status, body } = await chunkedPost('x'.repeat(80_000));
  expect(status).toBe(429);
  expect(body).toMatchObject({ error: { code: 'QUEUE_FULL', retryAfterMs: expect.any(Number) } });
  agent.destroy();
  // Announced, it is refused before it is read.
  const text = JSON.stringify({ grids: [{ ...jsonGrid(), id: 'x'.repeat(60_000) }] });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
  expect((await fetch(`${service.url}/v1/llr`, init)).status).toBe(429);
  sockets[0]!.destroy();
  await expect.poll(admitted).toBe(0);
  expect(await service.rest.computeJson([grid()])).toHaveLength(1);
});

test('a body that comes after its answer takes no room', async () => {
  service = await startTestService(SMALL);
  const socket = connect(service.server.httpPort, '127.0.0.1');
  sockets.push(socket);
  socket.write(
    'POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 30000\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString('latin1', 0, 12)).toBe('HTTP/1.1 415');
  socket.write('x'.repeat(30_000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(admitted()).toBe(0);
});

test('chunks of one byte are joined', async () => {
  service = await startTestService(SMALL);
  const admit = vi.spyOn(service.server.engine, 'admit');
  const text = JSON.stringify({ grids: [jsonGrid()] });
  const socket = connect(service.server.httpPort, '127.0.0.1');
  sockets.push(socket);
  const head = 'POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const chunks = Array.from(text, (letter) => `1\r\n${letter}\r\n`).join('');
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString('latin1', 0, 15)).toBe('HTTP/1.1 200 OK');
  expect(admit.mock.calls.length).toBeLessThan(10);
});

test('a body comes through whole, in whatever chunks', async () => {
  service = await startTestService(SMALL);
  const text = JSON.stringify({ grids: [jsonGrid(grid({ nSc: 240, seed: 3 }))] });
  const random = Random.fromSeed(7);
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const size = Math.ceil(random.uniform() * (random.uniform() < 0.5 ? 50 : 40_000));
    chunks.push(text.slice(at, at + size));
    at += size;
  }
  expect(chunks.length).toBeGreaterThan(10);
  const { agent, status, body } = await chunkedPost(...chunks);
  agent.destroy();
  expect(status).toBe(200);
  const [whole] = await service.rest.compute([grid({ nSc: 240, seed: 3 })]);
  const { results } = body as { results: [{ llr: { data: string } }] };
  expect(results[0].llr.data).toBe(base64(whole!.llr.data));
});

/** A body of undeclared length. */
async function chunkedPost(...chunks: readonly string[]) {
  const agent = new Agent({ keepAlive: true });
  return new Promise<{ agent: typeof agent; status: number | undefined; body: unknown }>(
    (resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const call = request(`${service.url}/v1/llr`, { method: 'POST', headers, agent }, (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () => resolve({ agent, status: response.statusCode, body: JSON.parse(answer) }));
      });
      call.on('error', reject);
      for (const chunk of chunks) call.write(chunk);
      call.end();
    },
  );
}
