import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { affineModel, int64Model, tensorModel } from '../../engine/helpers/tensor-models.js';
import type { DmrsTensor } from '#client/index.js';
import { modelFolder, spikingRxModel } from '../../engine/helpers/models.js';
import { grid } from '../helpers/grids.js';
import { startTestService, type TestService } from '../helpers/service.js';
import { inferBinary, type BinaryAnswer, type InferHead } from './helpers/binary.js';

let service: TestService;
let folder: Awaited<ReturnType<typeof modelFolder>>;

beforeAll(async () => {
  folder = await modelFolder({
    affine: { '1': affineModel(), '3': affineModel() },
    sum: { '1': int64Model() },
    vector: { '1': tensorModel({ input: ['batch', 'n'] }) },
    receiver: { '1': spikingRxModel({ nRx: 2 }) },
  });
  service = await startTestService({ modelsDir: folder.path, maxGridsPerRequest: 32, workers: 1 });
});
afterAll(async () => {
  await service.close();
  await folder.remove();
});

const X = { name: 'x', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, -1, 0.5, 8] };
/** x·W + b of the rows of {@link X}, exactly. */
const Y = [...affineOf([1, 2, 3]), ...affineOf([-1, 0.5, 8])];

function affineOf([a = 0, b = 0, c = 0]: readonly number[]): number[] {
  return [0.5 * a + 2 * b - 0.125 * c + 1, -a + 0.25 * b + 4 * c - 2];
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(service.url + path);
  return { status: response.status, body: await response.json() };
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(service.url + path, { method: 'POST', body: text, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as InferHead };
}

/** The value of a line of the metrics. */
async function count(name: string): Promise<number> {
  const lines = (await (await fetch(`${service.url}/metrics`)).text()).split('\n');
  const found = lines.find((line) => line.startsWith(`${name} `));
  return Number(found?.slice(name.length) ?? 0);
}

const infer = async (model: string, body: unknown) => post(`/v2/models/${model}/infer`, body);
const binary = async (model: string, head: object, data: readonly ArrayBufferView[]): Promise<BinaryAnswer> =>
  inferBinary(`${service.url}/v2/models/${model}/infer`, head, data);

describe('Open Inference Protocol over REST: metadata and health', () => {
  it('is alive and ready', async () => {
    expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { live: true, ready: true } });
    for (const path of ['affine', 'affine/versions/1'])
      expect(await get(`/v2/models/${path}/ready`)).toEqual({
        status: 200,
        body: { name: 'affine', ready: true },
      });
  });

  it('describes the server, with or without the slash', async () => {
    const { status, body } = await get('/v2');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'spikingrx',
      extensions: expect.arrayContaining(['binary_tensor_data']),
    });
    expect((body as { version: string }).version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await get('/v2/')).toEqual({ status, body });
  });

  it('describes models: −1 for sizes known at run time, datatypes by the names of the protocol', async () => {
    expect((await get('/v2/models/affine')).body).toEqual({
      name: 'affine',
      versions: ['1', '3'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [-1, 2] },
        { name: 'positive', datatype: 'BOOL', shape: [-1, 2] },
      ],
    });
    expect((await get('/v2/models/affine/versions/1')).body).toMatchObject({ versions: ['1'] });
    expect((await get('/v2/models/sum')).body).toMatchObject({
      inputs: [
        { name: 'a', datatype: 'INT64', shape: [-1, -1] },
        { name: 'b', datatype: 'INT64', shape: [-1, -1] },
      ],
    });
    expect((await get('/v2/models/receiver')).body).toMatchObject({
      inputs: [
        { name: 'rx_grid', datatype: 'FP32', shape: [-1, 4, -1, -1] },
        { name: 'dmrs', datatype: 'FP32', shape: [-1, 2, -1, -1] },
      ],
      outputs: [{ name: 'llr', datatype: 'FP32', shape: [-1, 2, -1, -1] }],
    });
  });
});

describe('Open Inference Protocol over REST: inference', () => {
  it.each([
    ['a flat list', X.data],
    [
      'nested lists',
      [
        [1, 2, 3],
        [-1, 0.5, 8],
      ],
    ],
  ])('takes JSON with %s and answers in JSON', async (_, data) => {
    const { status, body, headers } = await infer('affine', { id: '42', inputs: [{ ...X, data }] });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/json');
    expect(body).toMatchObject({
      model_name: 'affine',
      model_version: '3',
      id: '42',
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [2, 2], data: Y },
        { name: 'positive', datatype: 'BOOL', shape: [2, 2], data: Y.map((y) => y >= 0) },
      ],
    });
  });

  it('says where the answer comes from, in parameters and headers alike', async () => {
    const { body, headers } = await infer('affine', { inputs: [X] });
    expect(body).not.toHaveProperty('id');
    const { sha256, provider, batch_size: batchSize, compute_ms: computeMs } = body.parameters ?? {};
    expect({ sha256, provider, batchSize }).toEqual({
      sha256: service.server.engine.model('affine').sha256,
      provider: 'cpu',
      batchSize: 2,
    });
    expect(Number(headers.get('x-spikingrx-compute-ms'))).toBeCloseTo(computeMs as number, 3);
    expect(headers.get('x-spikingrx-sha256')).toBe(sha256);
    expect(headers.get('x-spikingrx-encode-ms')).toMatch(/^\d+\.\d{3}$/);
  });

  it('takes any content type and none', async () => {
    const url = `${service.url}/v2/models/affine/versions/1/infer`;
    const body = Buffer.from(JSON.stringify({ inputs: [X] }));
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', undefined]) {
      const headers = type === undefined ? {} : { 'content-type': type };
      const { status } = await fetch(url, { method: 'POST', body, headers });
      expect([type, status]).toEqual([type, 200]);
    }
  });

  it('takes a body in gzip, and its JSON length is that of what is in it', async () => {
    const json = JSON.stringify({
      inputs: [{ ...X, data: undefined, parameters: { binary_data_size: 24 } }],
      outputs: [{ name: 'y' }],
    });
    const body = gzipSync(Buffer.concat([Buffer.from(json), Buffer.from(Float32Array.from(X.data).buffer)]));
    const headers = { 'content-encoding': 'gzip', 'inference-header-content-length': String(json.length) };
    const response = await fetch(`${service.url}/v2/models/affine/infer`, { method: 'POST', body, headers });
    expect(await response.json()).toMatchObject({ outputs: [{ name: 'y', data: Y }] });
  });

  it('answers with the outputs asked for, in that order', async () => {
    const outputs = [{ name: 'positive' }, { name: 'y' }];
    const { body } = await infer('affine', { inputs: [X], outputs });
    expect(body.outputs.map(({ name }) => name)).toEqual(['positive', 'y']);
    const one = await infer('affine', { inputs: [X], outputs: [{ name: 'y' }] });
    expect(one.body.outputs).toMatchObject([{ name: 'y', data: Y }]);
  });

  it('takes and gives binary data, equal to JSON', async () => {
    const answer = await binary(
      'affine',
      {
        inputs: [{ ...X, data: undefined, parameters: { binary_data_size: 24 } }],
        parameters: { binary_data_output: true },
      },
      [Float32Array.from(X.data)],
    );
    expect(answer.head.outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
      { name: 'positive', datatype: 'BOOL', shape: [2, 2], parameters: { binary_data_size: 4 } },
    ]);
    expect([...new Float32Array(answer.data.slice(0, 16).buffer)]).toEqual(Y);
    expect(Array.from(answer.data.subarray(16))).toEqual(Y.map((y) => Number(y >= 0)));
  });

  it('takes JSON and binary inputs together, and an output overrides the form of all', async () => {
    const answer = await binary(
      'sum',
      {
        inputs: [
          { name: 'b', datatype: 'INT64', shape: [1, 2], data: [[1, -2]] },
          { name: 'a', datatype: 'INT64', shape: [1, 2], parameters: { binary_data_size: 16 } },
        ],
        parameters: { binary_data_output: true },
        outputs: [{ name: 'sum', parameters: { binary_data: false } }],
      },
      [BigInt64Array.of(2n ** 62n, 5n)],
    );
    expect(answer.jsonLength).toBeUndefined();
    expect(answer.text).toContain(`"data":[${2n ** 62n + 1n},3]`);
  });

  it('gives a binary output for a JSON request', async () => {
    const outputs = [{ name: 'y', parameters: { binary_data: true } }, { name: 'positive' }];
    const answer = await binary('affine', { inputs: [X], outputs }, []);
    expect([...new Float32Array(answer.data.slice().buffer)]).toEqual(Y);
    expect(answer.head.outputs[1]).toMatchObject({ name: 'positive', data: Y.map((y) => y >= 0) });
  });

  it('batches rows of different requests', async () => {
    const requests = Array.from({ length: 12 }, (_, i) =>
      infer('affine', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [i, 0, 1] }] }),
    );
    const answers = await Promise.all(requests);
    for (const [i, { body }] of answers.entries()) expect(body.outputs[0]?.data).toEqual(affineOf([i, 0, 1]));
  });

  it('gives the LLRs of a receiver bit-identical to those of /v1/llr in layout grid', async () => {
    const { rx, dmrs } = grid({ nRx: 2 });
    const [result] = await service.rest.compute([{ id: 'g', rx, dmrs }], {
      model: 'receiver',
      output: { layout: 'grid' },
    });
    const answer = await binary(
      'receiver',
      {
        inputs: [
          {
            name: 'rx_grid',
            datatype: 'FP32',
            shape: [1, 4, 14, 24],
            parameters: { binary_data_size: 5376 },
          },
          { name: 'dmrs', datatype: 'FP32', shape: [1, 2, 14, 24], parameters: { binary_data_size: 2688 } },
        ],
        outputs: [{ name: 'llr', parameters: { binary_data: true } }],
      },
      [planar(rx.data as Float32Array, 2), planar((dmrs as DmrsTensor).data as Float32Array, 1)],
    );
    expect(answer.head.outputs[0]?.shape).toEqual([1, 2, 14, 24]);
    expect(Buffer.from(answer.data).equals(result!.llr.data)).toBe(true);
  });

  it('counts requests and rows once', async () => {
    const requests = `spikingrx_requests_total{transport="rest",method="POST /v2/models/:model/infer",code="OK"}`;
    const rows = 'spikingrx_grids_total{transport="rest",code="OK"}';
    const before = [await count(requests), await count(rows)];
    await infer('affine', { inputs: [X] });
    await expect.poll(async () => count(requests)).toBe(before[0]! + 1);
    expect(await count(rows)).toBe(before[1]! + 2);
  });
});

/** Interleaved `[planes, n]` complex as `[2·planes, n]`: re, im of each plane. */
function planar(data: Float32Array, planes: number): Float32Array {
  const n = data.length / 2 / planes;
  return Float32Array.from({ length: data.length }, (_, i) => {
    const plane = Math.floor(i / n);
    return data[2 * (Math.floor(plane / 2) * n + (i % n)) + (plane % 2)]!;
  });
}
