import { afterEach, expect, test } from 'vitest';
import { GrpcLlrClient } from '#client/index.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
afterEach(async () => service.close());

const LIMITED = { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) };
const three = [1, 2, 3].map((seed) => grid({ seed }));

test('grids: one budget for all ways in; others are served when it is used up, and it comes back', async () => {
  service = await startTestService({ maxGridsPerSecond: 2 });
  expect(await service.grpc.compute(three)).toHaveLength(3);
  await expect(service.grpc.compute(three)).rejects.toMatchObject(LIMITED);
  await expect(service.rest.compute(three)).rejects.toMatchObject(LIMITED);
  const again = new GrpcLlrClient({ target: service.target });
  const streamed = [];
  for await (const answer of again.stream([three])) streamed.push(answer.error);
  expect(streamed).toEqual([1, 2, 3].map(() => expect.objectContaining(LIMITED)));
  again.close();
  expect(service.server.engine.stats.admittedGrids).toBe(0);
  expect(await service.rest.models()).toHaveLength(3);
  await expect
    .poll(async () => service.rest.compute([grid()]).catch(() => []), { timeout: 10_000 })
    .toHaveLength(1);
});

test('requests: 429 with Retry-After, before the body is read; probes are not counted', async () => {
  service = await startTestService({ maxRequestsPerSecond: 2 });
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await fetch(`${service.url}/v1/models`)).status);
  expect(statuses.slice(0, 2)).toEqual([200, 200]);
  const refused = await fetch(`${service.url}/v1/llr`, { method: 'POST', body: 'x' });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(await refused.json()).toMatchObject({
    error: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) },
  });
  await expect(service.grpc.models()).rejects.toMatchObject(LIMITED);
  for (let i = 0; i < 10; i++) expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
});
