import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClientGrid } from '#client/index.js';
import { base64, DMRS_CONFIG, rxTensor } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ maxPrb: 20, maxRx: 8, maxBatchResourceElements: 3360 });
});
afterAll(async () => service.close());

/** Samples of 4 bytes and no pilots: many LLRs for the bytes. */
function narrow(count: number): ClientGrid[] {
  const { shape } = rxTensor({ nSc: 240 });
  const data = Int16Array.from({ length: 2 * 2 * 14 * 240 }, (_, i) => ((i * 7919) % 4001) - 2000);
  return Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    rx: { datatype: 'ci16_le', shape, data },
    dmrs: { config: DMRS_CONFIG },
  }));
}

test('a request whose answer would be too large is refused on every way, before it is computed', async () => {
  const refused = { code: 'PAYLOAD_TOO_LARGE', field: 'grids' };
  const before = await computed();
  await expect(service.grpc.compute(narrow(5), { output: { layout: 'grid' } })).rejects.toMatchObject(
    refused,
  );
  await expect(service.rest.compute(narrow(5))).rejects.toMatchObject(refused);
  await expect(service.rest.computeJson(narrow(5))).rejects.toMatchObject(refused);
  expect(await computed()).toBe(before);
  expect(await service.grpc.compute(narrow(4), { output: { layout: 'grid' } })).toHaveLength(4);
  expect(await service.grpc.compute(narrow(8), { output: { datatype: 'f16' } })).toHaveLength(8);
});

async function computed(): Promise<string | undefined> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return /^spikingrx_stage_seconds_count\{stage="compute"\} (\d+)$/m.exec(text)?.[1];
}

/** The answer to grids of 6720 LLRs each, asked for as JSON numbers. */
async function postForNumbers(count: number): Promise<Response> {
  const grids = narrow(count).map(({ id, rx, dmrs }) => ({ id, rx: { ...rx, data: base64(rx.data) }, dmrs }));
  const body = JSON.stringify({ grids, output: { encoding: 'array', datatype: 'i8' } });
  const headers = { 'content-type': 'application/json' };
  return fetch(`${service.url}/v1/llr`, { method: 'POST', headers, body });
}

test('LLRs as JSON numbers are bounded, and the refusal says what to ask for', async () => {
  expect((await postForNumbers(9)).status).toBe(200);
  const refused = await postForNumbers(10);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    error: {
      field: 'output.encoding',
      message: expect.stringMatching(
        /base64 .*65536 LLRs, or an application\/octet-stream .*array for 67200/,
      ),
    },
  });
});
