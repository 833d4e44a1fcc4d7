import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { loadConfig, maxJsonBytes } from '#server/config.js';
import { grid, jsonGrid } from './helpers/grids.js';
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
  await expect.poll(admitted).toBe(50_000);
  sockets[0]!.destroy();
  await expect.poll(admitted).toBe(0);
});

test('a body that runs out of room half-way gets 429, and its connection goes on', async () => {
  service = await startTestService({ ...SMALL, maxQueuedBytes: LARGEST });
  await halfUpload(LARGEST, LARGEST - 20_000);
  await expect.poll(admitted).toBe(LARGEST - 20_000);
  const { agent, status, body } = await chunkedPost('x'.repeat(60_000));
  expect(status).toBe(429);
  expect(body).toMatchObject({ error: { code: 'QUEUE_FULL', retryAfterMs: expect.any(Number) } });
  agent.destroy();
  // Announced, it is refused before it is read.
  const text = JSON.stringify({ grids: [{ ...jsonGrid(), id: 'x'.repeat(40_000) }] });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
  expect((await fetch(`${service.url}/v1/llr`, init)).status).toBe(429);
  sockets[0]!.destroy();
  await expect.poll(admitted).toBe(0);
  expect(await service.rest.computeJson([grid()])).toHaveLength(1);
});

/** A body of undeclared length. */
async function chunkedPost(text: string) {
  const { Agent } = await import('node:http');
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
      call.end(text);
    },
  );
}
