import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientGrid, DmrsTensor, IqTensor } from '#client/index.js';
import { SpikingRxError } from '#errors.js';
import { DMRS_CONFIG, grid, jsonGrid, pilotTensor, rxTensor } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ maxPrb: 10, maxGridsPerRequest: 4, maxBatchResourceElements: 2000 });
});
afterAll(async () => service.close());

/** The error that a bad grid brings, over each transport. */
async function errorsOf(
  bad: ClientGrid,
  ways: readonly Way[] = ['json', 'unary', 'stream'],
): Promise<SpikingRxError[]> {
  return Promise.all(ways.map(async (way) => failureOf(send(way, bad))));
}

type Way = 'json' | 'unary' | 'stream';

async function send(way: Way, bad: ClientGrid): Promise<unknown> {
  if (way === 'json') return service.rest.computeJson([bad]);
  if (way === 'unary') return service.grpc.compute([bad]);
  for await (const answer of service.grpc.stream([bad])) if (answer.error) throw answer.error;
  return undefined;
}

async function failureOf(work: Promise<unknown>): Promise<SpikingRxError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SpikingRxError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

const rx = (change: Partial<IqTensor>): ClientGrid => ({ ...grid(), rx: { ...rxTensor(), ...change } });
const dmrs = (change: Partial<DmrsTensor>): ClientGrid => ({
  ...grid(),
  dmrs: { ...pilotTensor(), ...change },
});
const config = (change: object): ClientGrid => ({
  ...grid(),
  dmrs: { config: { ...DMRS_CONFIG, ...change } },
});

function spoiled(value: number, index: number): Float32Array {
  const data = rxTensor().data.slice();
  data[index] = value;
  return data;
}

describe('a bad grid is refused on every transport, naming the field', () => {
  const cases: readonly (readonly [string, ClientGrid, string, RegExp])[] = [
    [
      'short data',
      rx({ data: rxTensor().data.subarray(2) }),
      'grids[0].rx.data',
      /5376 bytes .*received 5368 bytes/,
    ],
    [
      'long pilots',
      dmrs({ data: new Float32Array(2 * 14 * 24 + 2) }),
      'grids[0].dmrs.data',
      /2688 bytes.*received 2696/,
    ],
    ['two dimensions', rx({ shape: [14, 24] }), 'grids[0].rx.shape', /\[nRx, nSym, nSc\]/],
    ['antennas', { ...grid({ nRx: 4 }) }, 'grids[0].rx.shape', /nRx = 2 .*received \[4, 14, 24\]/],
    [
      'subcarriers',
      rx({ shape: [2, 14, 25] }),
      'grids[0].rx.shape',
      /multiple of 12, received \[2, 14, 25\]/,
    ],
    ['too wide', rx({ shape: [2, 14, 132] }), 'grids[0].rx.shape', /at most 120 \(10 PRB\)/],
    ['symbols', rx({ shape: [2, 15, 24] }), 'grids[0].rx.shape', /nSym from 1 to 14/],
    ['no symbols', rx({ shape: [2, 0, 24] }), 'grids[0].rx.shape', /nSym from 1 to 14/],
    ['NaN', rx({ data: spoiled(Number.NaN, 7) }), 'grids[0].rx.data', /received NaN in Q of sample 3/],
    ['Inf', rx({ data: spoiled(-Infinity, 700) }), 'grids[0].rx.data', /received Inf in I of sample 350/],
    [
      'NaN pilot',
      dmrs({ data: new Float32Array(2 * 14 * 24).fill(Number.NaN) }),
      'grids[0].dmrs.data',
      /NaN/,
    ],
    [
      'zero pilots',
      dmrs({ data: new Float32Array(2 * 14 * 24) }),
      'grids[0].dmrs.data',
      /received zeros only/,
    ],
    [
      'pilot shape',
      dmrs({ shape: [12, 24] }),
      'grids[0].dmrs.shape',
      /\[14, 24\], as rx, received \[12, 24\]/,
    ],
    ['bad scale', rx({ scale: -1 }), 'grids[0].rx.scale', /received -1/],
    ['zero scale', rx({ scale: 0 }), 'grids[0].rx.scale', /received 0/],
    ['empty id', { ...grid(), id: '' }, 'grids[0].id', /received/],
    [
      'config symbols',
      config({ symbolPositions: [2, 2] }),
      'grids[0].dmrs.config.symbolPositions',
      /ascending/,
    ],
    ['config N_ID', config({ nId: 70_000 }), 'grids[0].dmrs.config.nId', /65535/],
    ['config none', config({ nId: undefined }), 'grids[0].dmrs.config.nId', /received none/],
    ['CDM groups', dmrs({ cdmGroupsWithoutData: 3 }), 'grids[0].dmrs.cdmGroupsWithoutData', /2/],
  ];

  test.each(cases)('%s', async (_name, bad, field, message) => {
    for (const error of await errorsOf(bad)) {
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field });
      expect(error.message).toMatch(message);
      expect(error.message).toMatch(/expected .*, received /);
    }
  });

  test('unsupported datatype', async () => {
    const [json] = await errorsOf(rx({ datatype: 'cf64_le' as 'cf32_le' }), ['json']);
    expect(json).toMatchObject({
      field: 'grids[0].rx.datatype',
      message: expect.stringMatching(/cf32_le.*cf64_le/),
    });
    const error = await rawUnary({ grids: [{ id: 'a', rx: { datatype: 9, shape: [2, 14, 24] } }] });
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(error.details).toMatch(/grids\[0\]\.rx\.datatype.*enum number 9/);
  });

  test('unknown model', async () => {
    const options = { model: 'nope' };
    for (const error of [
      await failureOf(service.rest.computeJson([grid()], options)),
      await failureOf(service.rest.compute([grid()], options)),
      await failureOf(service.grpc.compute([grid()], options)),
      await failureOf(service.grpc.model('nope')),
      await failureOf(service.rest.model('nope')),
    ])
      expect(error).toMatchObject({
        code: 'NOT_FOUND',
        field: 'model',
        message: expect.stringContaining('nope'),
      });
  });

  test('duplicate ids, no grids, too many grids', async () => {
    const twins = [grid({ id: 'x' }), grid({ id: 'y' }), grid({ id: 'x' })];
    for (const error of [
      await failureOf(service.rest.computeJson(twins)),
      await failureOf(service.grpc.compute(twins)),
    ])
      expect(error).toMatchObject({ field: 'grids[2].id', message: expect.stringContaining('grids[0]') });
    expect(await failureOf(service.grpc.compute([]))).toMatchObject({ field: 'grids' });
    expect(await failureOf(service.rest.computeJson([]))).toMatchObject({ field: 'grids' });
    const many = Array.from({ length: 5 }, (_, seed) => grid({ seed }));
    for (const error of [
      await failureOf(service.rest.computeJson(many)),
      await failureOf(service.rest.compute(many)),
      await failureOf(service.grpc.compute(many)),
    ])
      expect(error).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/at most 4, received 5/),
      });
  });

  test('one bad grid among good ones fails the request and names it', async () => {
    const grids = [grid({ seed: 1 }), { ...rx({ shape: [2, 14, 25] }), id: 'bad' }, grid({ seed: 3 })];
    for (const error of [
      await failureOf(service.rest.computeJson(grids)),
      await failureOf(service.grpc.compute(grids)),
    ])
      expect(error.field).toBe('grids[1].rx.shape');
  });
});

/** A raw unary call, for messages the typed client does not make. */
async function rawUnary(message: object): Promise<ServiceError> {
  const { llrServiceDefinition } = await import('#wire/proto.js');
  const { Client, credentials } = await import('@grpc/grpc-js');
  const client = new Client(service.target, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = llrServiceDefinition.ComputeLlr;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (error) => {
      client.close();
      if (error) resolve(error);
      else reject(new Error('expected a failure'));
    });
  });
}

async function post(body: string | Buffer, type = 'application/json', query = '') {
  const response = await fetch(`${service.url}/v1/llr${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as string,
  });
  return { status: response.status, ...((await response.json()) as { error: Record<string, string> }) };
}

function withGrid(change: object): string {
  return JSON.stringify({ grids: [{ ...jsonGrid(), ...change }] });
}

describe('REST bodies', () => {
  const rxJson = (change: object) => withGrid({ rx: { ...jsonGrid().rx, ...change } });

  test.each([
    ['broken JSON', '{"grids": [', 400, 'body', /valid JSON.*broken JSON/],
    ['empty body', '', 400, 'body', /JSON/],
    ['not an object', '[]', 400, 'body', /an object.*array of 0/],
    ['no grids', '{}', 400, 'grids', /received none/],
    ['unknown key', '{"grids": [], "modle": "x"}', 400, 'modle', /no such key/],
    ['unknown key inside', rxJson({ typ: 1 }), 400, 'grids[0].rx.typ', /no such key/],
    ['wrong type', rxJson({ data: 5 }), 400, 'grids[0].rx.data', /a string, received 5/],
    ['missing data', rxJson({ data: undefined }), 400, 'grids[0].rx.data', /received none/],
    [
      'truncated base64',
      rxJson({ data: jsonGrid().rx.data.slice(0, -1) }),
      400,
      'grids[0].rx.data',
      /truncated/,
    ],
    ['odd base64', rxJson({ data: `!${jsonGrid().rx.data.slice(1)}` }), 400, 'grids[0].rx.data', /base64/],
    [
      'url-safe base64',
      rxJson({ data: `-${jsonGrid().rx.data.slice(1)}` }),
      400,
      'grids[0].rx.data',
      /base64/,
    ],
    ['base64 cut by 4', rxJson({ data: jsonGrid().rx.data.slice(4) }), 400, 'grids[0].rx.data', /5376 bytes/],
    ['no dmrs', withGrid({ dmrs: undefined }), 400, 'grids[0].dmrs', /received none/],
    [
      'dmrs of both kinds',
      withGrid({ dmrs: { ...jsonGrid().dmrs, config: {} } }),
      400,
      undefined,
      /grids\[0\]\.dmrs/,
    ],
    [
      'config key',
      withGrid({ dmrs: { config: { ...DMRS_CONFIG, nid: 1 } } }),
      400,
      'grids[0].dmrs.config.nid',
      /key/,
    ],
    [
      'datatype of output',
      JSON.stringify({ grids: [jsonGrid()], output: { datatype: 'f64' } }),
      400,
      'output.datatype',
      /f32, f16, i8, received "f64"/,
    ],
    [
      'scale of output',
      JSON.stringify({ grids: [jsonGrid()], output: { scale: 0 } }),
      400,
      'output.scale',
      /more than 0/,
    ],
  ] as const)('%s', async (_name, body, expectedStatus, field, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(expectedStatus);
    expect(answer.error.code).toBe('INVALID_ARGUMENT');
    expect(answer.error.field).toBe(field ?? answer.error.field);
    expect(answer.error.message).toMatch(message);
    expect(JSON.stringify(answer)).not.toMatch(/node_modules|\.js:|\n *at /);
  });

  test('oversized, by the declared length and by what comes', async () => {
    const limit = /body: expected at most \d+ bytes/;
    const answer = await post('x'.repeat(2_000_000));
    expect(answer.status).toBe(413);
    expect(answer.error.message).toMatch(limit);
    const binary = await post(Buffer.alloc(1_500_000), 'application/octet-stream', '?shape=2,14,24');
    expect(binary).toMatchObject({ status: 413, error: { message: expect.stringMatching(limit) } });
    const big = { id: 'big', rx: { shape: [2, 14, 24], data: Buffer.alloc(8_000_000) } };
    expect(await rawUnary({ grids: [big] })).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  test('no body and no content type', async () => {
    const response = await fetch(`${service.url}/v1/llr`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'body' } });
  });

  test('content type, unknown route, query beside JSON', async () => {
    expect(await post('hello', 'text/plain')).toMatchObject({
      status: 415,
      error: { field: 'content-type' },
    });
    const lost = await fetch(`${service.url}/v3/llr`);
    expect(lost.status).toBe(404);
    expect(await lost.json()).toMatchObject({
      error: { code: 'NOT_FOUND', message: expect.stringContaining('/v3/llr') },
    });
    const both = await post(JSON.stringify({ grids: [jsonGrid()] }), 'application/json', '?model=random');
    expect(both).toMatchObject({ status: 400, error: { field: 'model' } });
  });

  test.each([
    ['no shape', '', 'shape', /received none/],
    ['odd shape', '?shape=2,14', 'shape', /received "2,14"/],
    ['length', '?shape=2,14,24', 'body', /multiple of 8064 bytes .*received 100 bytes/],
    ['count', '?shape=2,14,24&grids=2', 'body', /16128 bytes/],
    ['unknown key', '?shape=2,14,24&modell=x', 'modell', /no such key/],
    ['datatype', '?shape=2,14,24&datatype=cf64', 'datatype', /cf32_le/],
    ['broken config', '?shape=2,14,24&dmrsConfig={', 'dmrsConfig', /broken JSON/],
    ['config key', '?shape=2,14,24&dmrsConfig={"nId":1}', undefined, /dmrsConfig\.symbolPositions/],
    ['unused', `?shape=2,14,24&dmrsScale=2&dmrsConfig=${JSON.stringify(DMRS_CONFIG)}`, 'dmrsScale', /beside/],
  ] as const)('binary: %s', async (_name, query, field, message) => {
    const answer = await post(Buffer.alloc(100), 'application/octet-stream', query);
    expect(answer.status).toBe(400);
    expect(answer.error.field).toBe(field ?? answer.error.field);
    expect(answer.error.message).toMatch(message);
  });
});

test('after all of this the service still serves', async () => {
  expect(await service.rest.ready()).toBe(true);
  expect(await service.grpc.compute([grid()])).toHaveLength(1);
  expect(service.server.engine.stats).toMatchObject({
    admittedGrids: 0,
    admittedBytes: 0,
    unansweredGrids: 0,
  });
});
