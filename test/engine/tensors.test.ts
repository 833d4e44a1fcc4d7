import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '#engine/engine.js';
import type { LlrRequest, NamedTensor, TensorResult } from '#engine/types.js';
import { SpikingRxError } from '#errors.js';
import { Random } from '#phy/random.js';
import { randomRequest } from './helpers/grids.js';
import { modelFolder, spikingRxModel } from './helpers/models.js';
import {
  AFFINE,
  affineModel,
  divisionModel,
  int64Model,
  mixingModel,
  tensorModel,
} from './helpers/tensor-models.js';

function tensor(
  name: string,
  shape: readonly number[],
  data: ArrayBufferView,
  type = 'float32',
): NamedTensor {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return { name, type, shape, bytes } as NamedTensor;
}

function output({ outputs }: TensorResult, name: string): Uint8Array<ArrayBuffer> {
  const found = outputs.find((one) => one.name === name);
  if (!found) throw new Error(`no output ${name}`);
  return found.bytes.slice();
}

const floats = (bytes: Uint8Array<ArrayBuffer>): number[] => [...new Float32Array(bytes.buffer)];

/** What {@link affineModel} computes of `rows`; exact, for all numbers in it are small binary fractions. */
function affine(rows: readonly (readonly number[])[]): number[] {
  const { weights, bias } = AFFINE;
  return rows.flatMap((row) =>
    bias.map((b, column) => row.reduce((sum, value, i) => sum + value * (weights[2 * i + column] ?? 0), b)),
  );
}

/** Every element type, its ONNX number and its bytes. */
const TYPES = [
  ['bool', 9, 1],
  ['uint8', 2, 1],
  ['uint16', 4, 2],
  ['uint32', 12, 4],
  ['uint64', 13, 8],
  ['int8', 3, 1],
  ['int16', 5, 2],
  ['int32', 6, 4],
  ['int64', 7, 8],
  ['float16', 10, 2],
  ['float32', 1, 4],
  ['float64', 11, 8],
] as const;

async function refusalOf(work: Promise<unknown>): Promise<SpikingRxError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof SpikingRxError) return error;
  throw new Error(`expected a refusal, found ${String(error)}`);
}

describe('tensors of any model', () => {
  let engine: Engine;
  let folder: Awaited<ReturnType<typeof modelFolder>>;
  const batches = new Map<string, number[]>();

  beforeAll(async () => {
    folder = await modelFolder({
      affine: { '1': affineModel() },
      sum: { '1': int64Model() },
      mixing: { '1': mixingModel() },
      whole: { '1': tensorModel({ input: [2, 3] }) },
      division: { '1': divisionModel() },
      ...Object.fromEntries(TYPES.map(([type, elemType]) => [type, { '1': tensorModel({ elemType }) }])),
      receiver: { '1': spikingRxModel({ nRx: 2 }) },
    });
    engine = await createEngine({
      modelsDir: folder.path,
      workers: 1,
      maxBatchGrids: 8,
      observer: {
        batchDispatched: ({ model, grids }) => batches.set(model, [...(batches.get(model) ?? []), grids]),
      },
    });
  });
  afterAll(async () => {
    await engine.close();
    await folder.remove();
  });

  it('answers every row of a request, and rows of several requests in one batch', async () => {
    const requests = [
      [[1, 2, 3]],
      [
        [0, 0, 0],
        [-1, 0.5, 8],
        [4, 4, 4],
      ],
      [[0.25, 0, -2]],
    ];
    const answers = await Promise.all(
      requests.map(async (rows, id) => {
        const x = tensor('x', [rows.length, 3], Float32Array.from(rows.flat()));
        return engine.infer({ id: String(id), model: 'affine', inputs: [x] });
      }),
    );
    for (const [i, rows] of requests.entries()) {
      const answer = answers[i]!;
      expect(answer).toMatchObject({ id: String(i), model: 'affine', version: '1' });
      expect(answer.outputs.map(({ name, type, shape }) => ({ name, type, shape }))).toEqual([
        { name: 'y', type: 'float32', shape: [rows.length, 2] },
        { name: 'positive', type: 'bool', shape: [rows.length, 2] },
      ]);
      expect(floats(output(answer, 'y'))).toEqual(affine(rows));
      expect([...output(answer, 'positive')]).toEqual(affine(rows).map((y) => Number(y >= 0)));
      expect(answer.timing.batchSize).toBe(5);
    }
    expect(batches.get('affine')).toEqual([5]);
  });

  it('carries int64 and sizes that are known only at run time', async () => {
    const a = BigInt64Array.from([2n ** 62n, -1n, 7n, 0n]);
    const b = BigInt64Array.from([1n, -(2n ** 62n), -7n, 5n]);
    const inputs = [tensor('b', [2, 2], b, 'int64'), tensor('a', [2, 2], a, 'int64')];
    const answer = await engine.infer({ id: '', model: 'sum', inputs });
    expect([...new BigInt64Array(output(answer, 'sum').buffer)]).toEqual([
      2n ** 62n + 1n,
      -(2n ** 62n) - 1n,
      0n,
      5n,
    ]);
    expect(answer.outputs[0]?.shape).toEqual([2, 2]);
  });

  it.each(TYPES)('carries every bit of %s', async (type, _, width) => {
    const random = Random.fromSeed(width);
    const bytes = Uint8Array.from({ length: 6 * width }, () =>
      Math.floor(random.uniform() * (type === 'bool' ? 2 : 256)),
    );
    const answer = await engine.infer({ id: '', model: type, inputs: [tensor('x', [2, 3], bytes, type)] });
    expect(answer.outputs).toMatchObject([{ name: 'y', type, shape: [2, 3] }]);
    expect(output(answer, 'y')).toEqual(bytes);
  });

  it('fails only the row that the runtime fails for, wherever it came from', async () => {
    batches.delete('division');
    const [good, bad, other] = await Promise.allSettled(
      [2, 0, 4].map(async (divisor) => {
        const inputs = [
          tensor('a', [1, 1], Int32Array.of(8), 'int32'),
          tensor('b', [1, 1], Int32Array.of(divisor), 'int32'),
        ];
        const answer = await engine.infer({ id: '', model: 'division', inputs });
        return new Int32Array(output(answer, 'y').buffer)[0];
      }),
    );
    expect([good, other]).toEqual([
      { status: 'fulfilled', value: 4 },
      { status: 'fulfilled', value: 2 },
    ]);
    const message = expect.stringMatching(/Integer division by zero/) as string;
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL', message } });
    expect((bad as PromiseRejectedResult).reason.message).not.toMatch(/\.(cc|h):/);
    expect(batches.get('division')).toEqual([3, 1, 1, 1]);
  });

  it('runs a model without batch axis one request at a time', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(async (value) => {
        const x = tensor('x', [2, 3], new Float32Array(6).fill(value));
        return engine.infer({ id: '', model: 'whole', inputs: [x] });
      }),
    );
    expect(results.map((one) => floats(output(one, 'y'))[0])).toEqual([1, 2, 3]);
    expect(results.map(({ timing }) => timing.batchSize)).toEqual([1, 1, 1]);
    expect(engine.model('whole').batched).toBe(false);
  });

  it('refuses a model whose rows depend on their batch', () => {
    const refused = engine.repository.index().filter(({ state }) => state !== 'READY');
    expect(refused).toMatchObject([
      {
        name: 'mixing',
        state: 'UNAVAILABLE',
        reason: expect.stringContaining("output 'y' changes with the other rows"),
      },
    ]);
  });

  it('gives the LLR planes of a receiver as a tensor, in one batch with grids, bit-identical', async () => {
    const shape = { nRx: 2, nSym: 14, nSc: 24 };
    const requests = [1, 2, 3].map((seed) => randomRequest(shape, seed, { model: 'receiver' }));
    batches.delete('receiver');
    const join = (of: (request: LlrRequest) => Float32Array): Float32Array =>
      Float32Array.from(requests.flatMap((request) => [...of(request)]));
    const inputs = [
      tensor(
        'dmrs',
        [3, 2, 14, 24],
        join(({ dmrs }) => dmrs),
      ),
      tensor(
        'rx_grid',
        [3, 4, 14, 24],
        join(({ rxGrid }) => rxGrid),
      ),
    ];
    const [tensors, ...grids] = await Promise.all([
      engine.infer({ id: '', model: 'receiver', inputs }),
      ...requests.map(async (request) => engine.compute(request)),
    ]);
    expect(batches.get('receiver')).toEqual([6]);
    const together = Buffer.from(output(tensors, 'llr'));
    expect(together.equals(Buffer.concat(grids.map(({ llr }) => llr.bytes)))).toBe(true);
  });

  it('serves LLRs of receivers only, by default of the first receiver', async () => {
    expect(engine.defaultModel).toBe('receiver');
    const refusal = await refusalOf(
      engine.compute(randomRequest({ nRx: 2, nSym: 1, nSc: 12 }, 1, { model: 'affine' })),
    );
    expect(refusal).toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining("expected an input 'rx_grid', found x"),
    });
  });

  it('cancels all rows of a request whose caller goes away', async () => {
    const abort = new AbortController();
    const x = tensor('x', [4, 3], new Float32Array(12));
    const answer = engine.infer({ id: '', model: 'affine', inputs: [x], signal: abort.signal });
    abort.abort();
    expect((await refusalOf(answer)).code).toBe('CANCELLED');
    expect(engine.stats.unansweredGrids).toBe(0);
  });

  const x = tensor('x', [1, 3], new Float32Array(3));
  it.each<[string, Partial<Parameters<Engine['infer']>[0]>, string]>([
    ['a missing input', { inputs: [] }, "inputs: expected an input 'x', received none of that name"],
    ['an unknown input', { inputs: [x, { ...x, name: 'z' }] }, "the inputs x, received an input called 'z'"],
    ['an input twice', { inputs: [x, x] }, "the input 'x' once, received it twice"],
    ['another datatype', { inputs: [{ ...x, type: 'int32' }] }, 'inputs.x.datatype: expected float32'],
    ['another rank', { inputs: [{ ...x, shape: [3] }] }, 'inputs.x.shape: expected [batch, 3], received [3]'],
    ['another size', { inputs: [{ ...x, shape: [1, 4] }] }, 'expected [batch, 3], received [1, 4]'],
    ['no rows', { inputs: [{ ...x, shape: [0, 3] }] }, 'expected [batch, 3], received [0, 3]'],
    [
      'bytes that do not fit the shape',
      { inputs: [{ ...x, shape: [2, 3] }] },
      'inputs.x.data: expected 24 bytes (6 elements of float32 for shape [2, 3]), received 12 bytes',
    ],
    ['an unknown output', { outputs: ['y', 'w'] }, "outputs among y, positive, received 'w'"],
    ['an output twice', { outputs: ['y', 'y'] }, "the output 'y' once"],
    ['no deadline', { deadlineMs: Number.NaN }, 'deadlineMs: expected milliseconds'],
    [
      'sizes of one name that differ',
      {
        model: 'sum',
        inputs: [
          tensor('a', [1, 2], new BigInt64Array(2), 'int64'),
          tensor('b', [1, 3], new BigInt64Array(3), 'int64'),
        ],
      },
      "inputs.b.shape: expected n = 2, as 'a' has it, received 3",
    ],
  ])('refuses %s', async (_, change, message) => {
    const refusal = await refusalOf(engine.infer({ id: '', model: 'affine', inputs: [x], ...change }));
    expect(refusal.code).toBe('INVALID_ARGUMENT');
    expect(refusal.message).toContain(message);
  });
});
