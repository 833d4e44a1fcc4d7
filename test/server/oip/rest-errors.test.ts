import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { affineModel, tensorModel } from '../../engine/helpers/tensor-models.js';
import { modelFolder } from '../../engine/helpers/models.js';
import { jsonGrid } from '../helpers/grids.js';
import { startTestService, type TestService } from '../helpers/service.js';
import { inferBody as json } from './helpers/binary.js';

let service: TestService;
let folder: Awaited<ReturnType<typeof modelFolder>>;

beforeAll(async () => {
  folder = await modelFolder({
    affine: { '1': affineModel() },
    bits: { '1': tensorModel({ elemType: 9 }) },
    vector: { '1': tensorModel({ input: ['batch', 'n'] }) },
  });
  service = await startTestService({ modelsDir: folder.path, maxGridsPerRequest: 8, workers: 1 });
});
afterAll(async () => {
  await service.close();
  await folder.remove();
});

const X = { name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] };

interface Refusal {
  readonly status: number;
  readonly code: string | null;
  readonly body: { readonly error?: unknown };
}

async function send(
  path: string,
  init: { method?: string; body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Refusal> {
  const response = await fetch(service.url + path, init);
  const body = (await response.json()) as Refusal['body'];
  return { status: response.status, code: response.headers.get('x-spikingrx-code'), body };
}

async function infer(model: string, body: unknown, headers: Record<string, string> = {}): Promise<Refusal> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return send(`/v2/models/${model}/infer`, { method: 'POST', body: text, headers });
}

const withInput = (change: object): object => ({ inputs: [{ ...X, ...change }] });

describe('Open Inference Protocol over REST: errors are texts', () => {
  it.each<[string, string, unknown, number, string]>([
    ['an unknown model', 'nobody', { inputs: [X] }, 404, "no model is called 'nobody'"],
    ['an unknown version', 'affine/versions/7', { inputs: [X] }, 404, "has no version '7'"],
    ['no body', 'affine', '', 400, 'body: expected an inference request as JSON, received nothing'],
    [
      'broken JSON',
      'affine',
      '{"inputs": [',
      400,
      'body: expected an inference request as JSON, received broken',
    ],
    ['no object', 'affine', '[]', 400, 'body: expected'],
    ['no inputs', 'affine', '{}', 400, 'inputs: expected a value, received none'],
    [
      'an input without name',
      'affine',
      withInput({ name: undefined }),
      400,
      'inputs[0].name: expected a value',
    ],
    ['a shape that is none', 'affine', withInput({ shape: [1.5, 3] }), 400, 'inputs[0].shape[0]: expected'],
    ['a missing input', 'affine', { inputs: [] }, 400, "inputs: expected an input 'x'"],
    [
      'another input',
      'affine',
      withInput({ name: 'z' }),
      400,
      "expected the inputs x, received an input called 'z'",
    ],
    [
      'another datatype',
      'affine',
      withInput({ datatype: 'INT32' }),
      400,
      'inputs.x.datatype: expected FP32, received INT32',
    ],
    ['an unknown datatype', 'affine', withInput({ datatype: 'BYTES' }), 400, 'expected one of BOOL, UINT8'],
    [
      'another shape',
      'affine',
      withInput({ shape: [1, 4] }),
      400,
      'inputs.x.shape: expected [batch, 3], received [1, 4]',
    ],
    ['no rows', 'affine', withInput({ shape: [0, 3], data: [] }), 400, 'received [0, 3]'],
    [
      'too few values',
      'affine',
      withInput({ data: [1] }),
      400,
      'inputs.x.data: expected 12 bytes (3 elements',
    ],
    [
      'lists that are not nested as the shape is',
      'affine',
      withInput({ data: [[1, 2], [3]] }),
      400,
      'lists of 1 at depth 1',
    ],
    [
      'ragged lists',
      'affine',
      withInput({ shape: [2, 3], data: [[1, 2, 3], [4]] }),
      400,
      'lists of 3 at depth 2',
    ],
    [
      'a text as value',
      'affine',
      withInput({ data: [1, '2', 3] }),
      400,
      'inputs.x.data[1]: expected a number',
    ],
    [
      'a number too large',
      'affine',
      withInput({ data: [1, 2, 1e39] }),
      400,
      'inputs.x.data[2]: expected a number of at most',
    ],
    [
      'no data',
      'affine',
      withInput({ data: undefined }),
      400,
      'inputs.x.data: expected values, or parameters.binary_data_size',
    ],
    [
      'an unknown output',
      'affine',
      { inputs: [X], outputs: [{ name: 'w' }] },
      400,
      'outputs among y, positive',
    ],
    [
      'a timeout that is none',
      'affine',
      { inputs: [X], parameters: { timeout: '5' } },
      400,
      'parameters.timeout: expected a whole number',
    ],
    [
      'shared memory',
      'affine',
      withInput({ parameters: { shared_memory_region: 'r' } }),
      400,
      'this extension is not served',
    ],
    [
      'a form that is none',
      'affine',
      { inputs: [X], parameters: { binary_data_output: 1 } },
      400,
      'parameters.binary_data_output: expected true or false',
    ],
    [
      'too many rows',
      'affine',
      withInput({ shape: [9, 3], data: Array(27).fill(0) }),
      413,
      'inputs: expected at most 8 rows, received 9',
    ],
    [
      'too many values in JSON',
      'vector',
      `{"inputs":[{"data":[${'1,'.repeat(140_000)}1]}]}`,
      413,
      'enough for 131072 values; binary data takes more',
    ],
    ['JSON nested too deep', 'affine', `{"inputs":${'['.repeat(20)}`, 400, 'nested at most 16 deep'],
  ])('%s', async (_, model, body, status, message) => {
    const refusal = await infer(model, body);
    expect(refusal.status).toBe(status);
    expect(refusal.body).toEqual({ error: expect.stringContaining(message) });
    expect(refusal.code).not.toBeNull();
  });

  it.each<[string, object, number, Record<string, string>, string]>([
    [
      'a header that is no length',
      { inputs: [X] },
      0,
      { 'inference-header-content-length': 'x' },
      'expected a length of at most',
    ],
    [
      'a header beyond the body',
      { inputs: [X] },
      0,
      { 'inference-header-content-length': '99999' },
      'those of the body, received 99999',
    ],
    [
      'bytes that no input has',
      { inputs: [X] },
      3,
      {},
      'a binary_data_size for all bytes behind the JSON, received 3 more',
    ],
    [
      'data beyond the body',
      withInput({ data: undefined, parameters: { binary_data_size: 13 } }),
      12,
      {},
      'inputs.x.parameters.binary_data_size: expected a number of bytes, at most the 12 that are left',
    ],
    [
      'binary data that do not fit the shape',
      withInput({ data: undefined, parameters: { binary_data_size: 8 } }),
      8,
      {},
      'inputs.x.data: expected 12 bytes (3 elements of float32 for shape [1, 3]), received 8 bytes',
    ],
    [
      'data in both forms',
      withInput({ parameters: { binary_data_size: 12 } }),
      12,
      {},
      'no data beside binary_data_size',
    ],
  ])('binary: %s', async (_, head, bytes, change, message) => {
    const [body, headers] = json(head, bytes);
    const refusal = await infer('affine', body, { ...headers, ...change });
    expect(refusal.status).toBe(400);
    expect(refusal.body).toEqual({ error: expect.stringContaining(message) });
  });

  it('binary: bytes of BOOL that are neither 0 nor 1', async () => {
    const input = { name: 'x', datatype: 'BOOL', shape: [1, 3], parameters: { binary_data_size: 3 } };
    const [head, headers] = json({ inputs: [input] });
    const refusal = await infer('bits', Buffer.concat([head, Buffer.of(0, 1, 2)]), headers);
    expect(refusal).toMatchObject({ status: 400, body: { error: expect.stringContaining('bytes 0 and 1') } });
  });

  it('values that JSON cannot hold, until they are asked for as binary data', async () => {
    const bytes = Buffer.from(Float32Array.of(Number.NaN).buffer);
    const input = { name: 'x', datatype: 'FP32', shape: [1, 1], parameters: { binary_data_size: 4 } };
    const [head, headers] = json({ inputs: [input] });
    const refusal = await infer('vector', Buffer.concat([head, bytes]), headers);
    expect(refusal).toMatchObject({ status: 400, body: { error: expect.stringContaining('binary_data') } });
  });

  it('more values than are written as JSON', async () => {
    const input = {
      name: 'x',
      datatype: 'FP32',
      shape: [1, 70_000],
      parameters: { binary_data_size: 280_000 },
    };
    const refusal = await infer('vector', ...json({ inputs: [input] }, 280_000));
    expect(refusal).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('binary_data for more than 65536 values') },
    });
  });

  it('an answer that is too large', async () => {
    const limited = await startTestService({
      modelsDir: folder.path,
      maxBatchResourceElements: 12,
      maxPrb: 1,
    });
    try {
      // 14 · 12 resource elements of 32 bytes.
      const input = { name: 'x', datatype: 'FP32', shape: [1, 1345], parameters: { binary_data_size: 5380 } };
      const [body, headers] = json({ inputs: [input] }, 5380);
      const response = await fetch(`${limited.url}/v2/models/vector/infer`, {
        method: 'POST',
        body,
        headers,
      });
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({
        error: 'outputs: expected at most 5376 bytes (fewer rows, or fewer outputs), received 5380 bytes',
      });
    } finally {
      await limited.close();
    }
  });

  it('routes and methods that there are not', async () => {
    expect(await send('/v2/nothing')).toMatchObject({ status: 404, body: { error: expect.any(String) } });
    expect(await send('/v2/models/affine/infer')).toMatchObject({
      status: 405,
      body: { error: expect.stringContaining('expected POST for this path') },
    });
    expect(await send('/v2/models/nobody')).toMatchObject({ status: 404 });
    expect(await send('/v2/models/nobody/ready')).toMatchObject({ status: 404 });
    // Others keep their form.
    expect(await send('/v1/nothing')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
  });

  it('grids for a model that takes tensors', async () => {
    const body = JSON.stringify({ model: 'affine', grids: [jsonGrid()] });
    const headers = { 'content-type': 'application/json' };
    const refusal = await send('/v1/llr', { method: 'POST', body, headers });
    expect(refusal).toMatchObject({
      status: 412,
      body: {
        error: {
          code: 'FAILED_PRECONDITION',
          field: 'model',
          message: expect.stringContaining('takes tensors, not grids'),
        },
      },
    });
  });
});
