import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkJsonStructure, gridBudget } from '#server/rest/json-structure.js';
import { DMRS_CONFIG, grid, jsonGrid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

const BYTES = 13_000_000;
const filled = (before: string, unit: string, after: string, bytes = BYTES): string =>
  before + unit.repeat(Math.floor(bytes / unit.length)) + after;

/** Longest time that the service took to answer a probe until `until` settled. */
async function slowestProbe(until: Promise<unknown>): Promise<number> {
  const open = { probing: true };
  const end = until.finally(() => {
    open.probing = false;
  });
  let slowest = 0;
  while (open.probing) {
    const start = performance.now();
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - start);
  }
  await end;
  return slowest;
}

async function post(body: string) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${service.url}/v1/llr`, { method: 'POST', headers, body });
  return { status: response.status, ...((await response.json()) as { error: Record<string, string> }) };
}

test.each([
  ['numbers for grids', filled('{"grids":[', '1,', '1]}'), 413, 'PAYLOAD_TOO_LARGE', /enough for 64 grids/],
  ['empty objects', filled('[', '{},', '{}]'), 413, 'PAYLOAD_TOO_LARGE', /enough for 64 grids/],
  [
    'unknown keys',
    `{${Array.from({ length: 900_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
    413,
    'PAYLOAD_TOO_LARGE',
    /enough/,
  ],
  ['nested arrays', '['.repeat(BYTES), 400, 'INVALID_ARGUMENT', /nested at most 16 deep/],
  ['escaped quotes', filled('{"grids":["', String.raw`\"`, '"]}'), 400, 'INVALID_ARGUMENT', /grids\[0\]/],
  ['one long key', filled('{"', 'k/', '":1}'), 400, 'INVALID_ARGUMENT', /keys of at most 256 bytes/],
  ['blanks', filled('{"grids":', ' ', '[]}'), 400, 'INVALID_ARGUMENT', /grids/],
] as const)(
  '%s: refused in short, and others are served meanwhile',
  async (_name, body, status, code, text) => {
    const answer = post(body);
    // Milliseconds on an idle machine, most of them for the 13 MB themselves; 2 to 15 s without the check.
    expect(await slowestProbe(answer)).toBeLessThan(2000);
    const { error, ...rest } = await answer;
    expect(rest.status).toBe(status);
    expect(error['code']).toBe(code);
    expect(error['message']).toMatch(text);
    expect(JSON.stringify(error).length).toBeLessThan(2000);
  },
);

test('too many grids are told by their number, however bad they are', async () => {
  const { status, error } = await post(`{"grids":[${'1,'.repeat(99)}1]}`);
  expect(status).toBe(413);
  expect(error).toMatchObject({ field: 'grids', received: '100' });
});

test('as many grids as are allowed, with every key there is, pass', async () => {
  const { rx } = jsonGrid(grid());
  const config = {
    ...DMRS_CONFIG,
    configType: 1,
    symbolPositions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    nScid: 0,
    port: 0,
    startRb: 0,
    cdmGroupsWithoutData: 1,
    scale: 1,
    startSymbol: 0,
    symbolsPerSlot: 14,
  };
  const grids = Array.from({ length: 64 }, (_, i) => ({
    id: `"${i}\\`,
    rx: { ...rx, scale: 1 },
    dmrs: { config },
  }));
  const body = JSON.stringify({
    grids,
    model: 'random',
    version: '1',
    timeoutMs: 20_000,
    output: { scale: 1 },
  });
  expect(() => checkJsonStructure(Buffer.from(body), gridBudget(64))).not.toThrow();
  expect((await post(body)).status).toBe(200);
});
