import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  InferTensorContentsMessage,
  ModelStreamInferResponseMessage,
} from '#wire/inference/messages.js';
import { modelFolder, spikingRxModel } from '../../engine/helpers/models.js';
import { affineModel, int64Model, tensorModel } from '../../engine/helpers/tensor-models.js';
import { gridTensors, InferenceClient } from '../helpers/inference.js';
import { startTestService, type TestService } from '../helpers/service.js';

/** Datatype, ONNX number, values in their list, and their bytes. */
const DATATYPES: readonly [string, number, InferTensorContentsMessage, ArrayBufferView][] = [
  ['BOOL', 9, { boolContents: [true, false, true] }, Uint8Array.of(1, 0, 1)],
  ['INT8', 3, { intContents: [-128, 0, 127] }, Int8Array.of(-128, 0, 127)],
  ['INT16', 5, { intContents: [-32768, 0, 32767] }, Int16Array.of(-32768, 0, 32767)],
  ['INT32', 6, { intContents: [-(2 ** 31), 0, 7] }, Int32Array.of(-(2 ** 31), 0, 7)],
  ['INT64', 7, { int64Contents: [-5, 0, 2 ** 53] }, BigInt64Array.of(-5n, 0n, 2n ** 53n)],
  ['UINT8', 2, { uintContents: [0, 1, 255] }, Uint8Array.of(0, 1, 255)],
  ['UINT16', 4, { uintContents: [0, 1, 65535] }, Uint16Array.of(0, 1, 65535)],
  ['UINT32', 12, { uintContents: [0, 1, 2 ** 32 - 1] }, Uint32Array.of(0, 1, 2 ** 32 - 1)],
  ['UINT64', 13, { uint64Contents: [0, 1, 2 ** 53] }, BigUint64Array.of(0n, 1n, 2n ** 53n)],
  ['FP32', 1, { fp32Contents: [-0, 1.5, NaN] }, Float32Array.of(-0, 1.5, NaN)],
  ['FP64', 11, { fp64Contents: [Math.PI, 0, -1e300] }, Float64Array.of(Math.PI, 0, -1e300)],
];

let folder: Awaited<ReturnType<typeof modelFolder>>;
let running: TestService;
let client: InferenceClient;
beforeAll(async () => {
  const identity = DATATYPES.map(([name, elemType]) => [name, { '1': tensorModel({ elemType }) }]);
  folder = await modelFolder({
    ...(Object.fromEntries(identity) as Record<string, { '1': Uint8Array }>),
    FP16: { '1': tensorModel({ elemType: 10 }) },
    vector: { '1': tensorModel({ input: [3] }) },
    affine: { '1': affineModel() },
    sum: { '1': int64Model() },
    receiver: { '1': spikingRxModel({ nRx: 2 }) },
  });
  const settings = { modelsDir: folder.path, workers: 1, maxBatchGrids: 2, maxInFlightPerStream: 4 };
  running = await startTestService(settings);
  client = new InferenceClient(running.target);
});
afterAll(async () => {
  client.close();
  await running.close();
  await folder.remove();
});

const bytesOf = (view: ArrayBufferView): Buffer => Buffer.from(view.buffer as ArrayBuffer);

const term = (name: string) => ({ name, datatype: 'INT64', shape: [1, 2] });

async function admitted(): Promise<number> {
  const text = await (await fetch(`${running.url}/metrics`)).text();
  return Number(/^spikingrx_admitted_grids (\S+)$/m.exec(text)?.[1]);
}

describe('any ONNX model', () => {
  test.each(DATATYPES)(
    '%s goes through a model and back, typed and raw',
    async (datatype, _type, contents, view) => {
      const input = { name: 'x', datatype, shape: [1, 3] };
      const raw = await client.infer({
        modelName: datatype,
        inputs: [input],
        rawInputContents: [bytesOf(view)],
      });
      expect(raw.outputs).toMatchObject([{ name: 'y', datatype }]);
      expect(Buffer.from(raw.rawOutputContents![0]!)).toEqual(bytesOf(view));
      const typed = await client.infer({ modelName: datatype, inputs: [{ ...input, contents }] });
      const [list] = Object.keys(contents) as (keyof InferTensorContentsMessage)[];
      const values = Array.from(typed.outputs![0]!.contents![list!] as ArrayLike<unknown>);
      expect(values.map((value) => (typeof value === 'boolean' ? value : Number(value)))).toEqual(
        Array.from(contents[list!] as ArrayLike<unknown>),
      );
      expect(typed.rawOutputContents).toEqual([]);
    },
  );

  test('FP16 goes raw, and answers whatever asks in kind with raw contents', async () => {
    const halves = bytesOf(Uint16Array.of(0x3c00, 0xbc00, 0x7bff));
    const inputs = [{ name: 'x', datatype: 'FP16', shape: [1, 3] }];
    const answer = await client.infer({ modelName: 'FP16', inputs, rawInputContents: [halves] });
    expect(Buffer.from(answer.rawOutputContents![0]!)).toEqual(halves);
    await expect(client.infer({ modelName: 'FP16', inputs })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('raw_input_contents for FP16'),
    });
  });

  test('several inputs and outputs, in the order asked for; models without a batch axis', async () => {
    const x = { name: 'x', datatype: 'FP32', shape: [2, 3], contents: { fp32Contents: [1, 2, 3, 0, 0, 0] } };
    const outputs = [{ name: 'positive' }, { name: 'y' }];
    const both = await client.infer({ modelName: 'affine', inputs: [x], outputs });
    expect(both.outputs!.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)])).toEqual([
      ['positive', 'BOOL', [2, 2]],
      ['y', 'FP32', [2, 2]],
    ]);
    expect(both.outputs![0]!.contents!.boolContents).toEqual([true, true, true, false]);
    expect(both.outputs![1]!.contents!.fp32Contents).toEqual([5.125, 9.5, 1, -2]);
    const terms = [{ ...term('b'), contents: { int64Contents: [1, 2] } }];
    const sum = await client.infer({
      modelName: 'sum',
      inputs: [...terms, { ...term('a'), contents: { int64Contents: [40, -2] } }],
    });
    expect(Array.from(sum.outputs![0]!.contents!.int64Contents!, Number)).toEqual([41, 0]);
    const vector = { name: 'x', datatype: 'FP32', shape: [3], contents: { fp32Contents: [1, 2, 3] } };
    const alone = await client.infer({ modelName: 'vector', inputs: [vector] });
    expect(alone.outputs![0]!.contents!.fp32Contents).toEqual([1, 2, 3]);
  });
});

describe('a stream of requests', () => {
  const { inputs, raw } = gridTensors({ seed: 1, nSc: 240 });
  const request = { modelName: 'receiver', inputs, rawInputContents: raw };

  test('that its client cancels gives its room back', async () => {
    const call = client.stream();
    call.on('error', () => undefined);
    for (let i = 0; i < 30; i++) call.write({ ...request, id: `r${i}` });
    await new Promise((resolve) => {
      call.once('data', resolve);
    });
    call.cancel();
    await vi.waitFor(async () => expect(await admitted()).toBe(0), 10_000);
  });

  test('is held back at its window while answers are not read, and ends with OK when they are', async () => {
    const call = client.stream();
    for (let i = 0; i < 30; i++) call.write({ ...request, id: `r${i}` });
    call.end();
    await vi.waitFor(async () => expect(await admitted()).toBeGreaterThan(0), 10_000);
    expect(await admitted()).toBeLessThanOrEqual(4);
    const answers = (await call.toArray()) as ModelStreamInferResponseMessage[];
    expect(answers.map(({ inferResponse }) => inferResponse!.id)).toEqual(
      Array.from({ length: 30 }, (_, i) => `r${i}`),
    );
    expect(await admitted()).toBe(0);
  });
});
