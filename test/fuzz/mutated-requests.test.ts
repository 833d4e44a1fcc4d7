import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { runs } from './helpers/runs.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

/** Whatever comes, the answer is 2xx or 4xx in the one error form. */
async function answerTo(path: string, body: string | Buffer, type: string): Promise<string> {
  const response = await fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
  });
  if (response.ok) return 'ok';
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return response.status < 500 && error.message.length > 0
    ? 'refused'
    : `${response.status} ${error.message}`;
}

/** A good value with one part, somewhere inside, replaced or removed. */
function mutated(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return replacement;
  const changed = mutated((value as Record<string, unknown>)[key], rest, replacement);
  return Array.isArray(value)
    ? value.map((item: unknown, i) => (String(i) === key ? changed : item))
    : { ...value, [key]: changed };
}

/** What takes a grid. */
const ROUTES = fc.constantFrom('/v1/llr', '/v1/spikes');

describe('nothing a client sends is answered by 5xx', () => {
  test('JSON with one part wrong', async () => {
    const paths = fc.array(fc.nat({ max: 5 }), { maxLength: 5 });
    const parts = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    await fc.assert(
      fc.asyncProperty(ROUTES, paths, parts, async (route, path, part) => {
        const body = JSON.stringify(mutated({ grids: [jsonGrid()], output: { scale: 1 } }, path, part)) ?? '';
        expect(await answerTo(route, body, 'application/json')).toMatch(/^(ok|refused)$/);
      }),
      runs(300),
    );
  });

  test('random text and bytes, random queries', async () => {
    const key = fc.constantFrom(
      'shape',
      'grids',
      'datatype',
      'dmrsConfig',
      'scale',
      'ids',
      'outputScale',
      'timeoutMs',
      'layers',
      'kinds',
    );
    const bytes = fc.uint8Array({ maxLength: 300 });
    const value = fc.oneof(fc.string(), fc.integer().map(String), fc.constant('2,14,24'), fc.json());
    await fc.assert(
      fc.asyncProperty(ROUTES, bytes, fc.dictionary(key, value), async (route, sent, query) => {
        const body = Buffer.from(sent);
        const path = `${route}?${new URLSearchParams(query).toString()}`;
        expect(await answerTo(path, body, 'application/octet-stream')).toMatch(/^(ok|refused)$/);
        expect(await answerTo(route, body, 'application/json')).toBe('refused');
      }),
      runs(150),
    );
  });

  test('gRPC grids with any numbers', async () => {
    const number = fc.oneof(fc.nat(), fc.constantFrom(0, 1, 2, 14, 24, 12 * 273, 2 ** 32 - 1));
    await fc.assert(
      fc.asyncProperty(
        fc.array(number, { maxLength: 4 }),
        fc.array(number, { maxLength: 3 }),
        async (rx, dmrs) => {
          const one = grid();
          const bad = {
            id: 'a',
            rx: { ...one.rx, shape: rx },
            dmrs: { ...one.dmrs, shape: dmrs },
          } as typeof one;
          const error: unknown = await service.grpc.compute([bad]).then(
            () => new SpikingRxError('INVALID_ARGUMENT', ''),
            (reason: unknown) => reason,
          );
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        },
      ),
      runs(150),
    );
  });

  test('a body of undeclared length is served within the limits', async () => {
    const text = Buffer.from(JSON.stringify({ grids: [jsonGrid()] }));
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(text.subarray(0, 1000));
        controller.enqueue(text.subarray(1000));
        controller.close();
      },
    });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: chunks,
      duplex: 'half',
    };
    const response = await fetch(`${service.url}/v1/llr`, init as RequestInit);
    expect(response.status).toBe(200);
  });

  test('afterwards nothing is held', async () => {
    expect(await service.rest.compute([grid()])).toHaveLength(1);
    await expect
      .poll(() => service.server.engine.stats)
      .toMatchObject({ admittedGrids: 0, admittedBytes: 0, unansweredGrids: 0 });
  });
});
