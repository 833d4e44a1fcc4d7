import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GrpcLlrClient, RestLlrClient } from '#client/index.js';
import { loadConfig } from '#server/config.js';
import { startServer, type RunningServer } from '#server/server.js';
import { inferenceServiceDefinition as service } from '#wire/inference/proto.js';
import { grid } from './helpers/grids.js';
import { InferenceClient } from './helpers/inference.js';
import { testModels } from './helpers/service.js';

const log: Record<string, unknown>[] = [];
const logger = pino({}, { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) });

let models: Awaited<ReturnType<typeof testModels>>;
let gate: string;
let starting: Promise<RunningServer>;
let ports: { readonly httpPort: number; readonly grpcPort: number };
beforeAll(async () => {
  models = await testModels();
  gate = join(models.path, 'go');
  const workerUrl = new URL('helpers/gated-worker.mjs', import.meta.url);
  vi.stubEnv('GATE', gate);
  const flags = { modelsDir: models.path, host: '127.0.0.1', httpPort: 0, grpcPort: 0, workers: 2 };
  starting = startServer(loadConfig({ flags: { ...flags, drainDelayMs: 0 } }), {
    log: logger,
    engine: { workerUrl },
  });
  ports = (await vi.waitUntil(() => log.find(({ msg }) => msg === 'listening'), 20_000)) as typeof ports;
});
afterAll(async () => {
  await (await starting).close();
  await models.remove();
});

const url = () => `http://127.0.0.1:${ports.httpPort}`;
const status = async (path: string): Promise<number> => {
  const response = await fetch(`${url()}${path}`);
  await response.arrayBuffer();
  return response.status;
};

test('while the workers start the process is alive, and says that it is starting and how far it is', async () => {
  expect([await status('/healthz'), await status('/startupz'), await status('/readyz')]).toEqual([
    200, 503, 503,
  ]);
  expect(await (await fetch(`${url()}/readyz`)).json()).toMatchObject({
    error: { code: 'UNAVAILABLE', message: 'not ready: starting: 0 of 2 workers are warm' },
  });
  expect(await status('/metrics')).toBe(200);
  const rest = new RestLlrClient({ baseUrl: url() });
  const grpc = new GrpcLlrClient({ target: `127.0.0.1:${ports.grpcPort}` });
  const inference = new InferenceClient(`127.0.0.1:${ports.grpcPort}`);
  for (const attempt of [
    async () => rest.compute([grid()]),
    async () => rest.computeJson([grid()]),
    async () => rest.model('random'),
    async () => grpc.compute([grid()]),
    async () => grpc.model(),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /starting/ });
  for await (const answer of grpc.stream([grid()])) expect(answer.error?.code).toBe('UNAVAILABLE');
  expect((await inference.call(service.ServerLive, {})).answer.live).toBe(true);
  expect((await inference.call(service.ServerReady, {})).answer.ready).toBe(false);
  expect((await inference.call(service.ModelReady, { name: 'random' })).answer.ready).toBe(false);
  expect(log.some(({ msg }) => msg === 'ready')).toBe(false);
  rest.close();
  grpc.close();
  inference.close();
});

test('when they are warm all three probes answer, and grids are welcome', async () => {
  await writeFile(gate, '');
  await starting;
  expect([await status('/healthz'), await status('/startupz'), await status('/readyz')]).toEqual([
    200, 200, 200,
  ]);
  const rest = new RestLlrClient({ baseUrl: url() });
  expect(await rest.compute([grid()])).toHaveLength(1);
  rest.close();
});
