import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelInferRequestMessage, ModelStreamInferResponseMessage } from '#wire/inference/messages.js';
import { inferenceServiceDefinition as service } from '#wire/inference/proto.js';
import { grid } from '../helpers/grids.js';
import { floats, gridTensors, InferenceClient } from '../helpers/inference.js';
import { startTestService, type TestService } from '../helpers/service.js';

let running: TestService;
let client: InferenceClient;
beforeAll(async () => {
  running = await startTestService({ modelControl: 'explicit', maxInFlightPerStream: 8 });
  client = new InferenceClient(running.target);
});
afterAll(async () => {
  client.close();
  await running.close();
});

const encode = service.ModelInfer.requestSerialize;
const { inputs, raw } = gridTensors({ seed: 1 });
const request: ModelInferRequestMessage = { modelName: 'random', id: 'a', inputs, rawInputContents: raw };
const typed = inputs.map((input, i) => ({ ...input, contents: { fp32Contents: floats(raw[i]) } }));

async function metrics(name: string): Promise<number> {
  const text = await (await fetch(`${running.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

describe('ModelInfer', () => {
  test('gives the LLRs that LlrService gives, with where they come from', async () => {
    const [expected] = await running.grpc.compute([grid({ seed: 1 })], { output: { layout: 'grid' } });
    const { answer, trailers } = await client.call(service.ModelInfer, request);
    expect(answer).toMatchObject({ modelName: 'random', modelVersion: '2', id: 'a' });
    expect(answer.outputs).toMatchObject([{ name: 'llr', datatype: 'FP32' }]);
    expect(answer.outputs![0]!.shape.map(Number)).toEqual([1, 2, 14, 24]);
    expect(Buffer.from(answer.rawOutputContents![0]!)).toEqual(Buffer.from(expected!.llr.data));
    const { sha256 } = await running.grpc.model('random');
    expect(answer.parameters).toMatchObject({
      sha256: { stringParam: sha256 },
      provider: { stringParam: 'cpu' },
      decode_ms: { doubleParam: expect.any(Number) },
      compute_ms: { doubleParam: expect.any(Number) },
    });
    expect(Number(answer.parameters!['batch_size']!.int64Param)).toBe(1);
    expect(trailers.get('spikingrx-sha256')).toEqual([sha256]);
    expect(Number(trailers.get('spikingrx-encode-ms')[0])).toBeGreaterThanOrEqual(0);
  });

  test('takes typed contents and answers in kind, with the same values', async () => {
    const answer = await client.infer({ ...request, inputs: typed, rawInputContents: [] });
    const { rawOutputContents } = await client.infer(request);
    expect(answer.rawOutputContents).toEqual([]);
    expect(answer.outputs![0]!.contents!.fp32Contents).toEqual(floats(rawOutputContents![0]));
  });

  test('rows of one request are what each is alone', async () => {
    const seeds = [{ seed: 1 }, { seed: 2 }, { seed: 3 }];
    const batch = gridTensors(...seeds);
    const together = await client.infer({ ...request, inputs: batch.inputs, rawInputContents: batch.raw });
    const alone = await Promise.all(
      seeds.map(async (seed) => {
        const one = gridTensors(seed);
        const answer = await client.infer({ ...request, inputs: one.inputs, rawInputContents: one.raw });
        return Buffer.from(answer.rawOutputContents![0]!);
      }),
    );
    expect(Buffer.from(together.rawOutputContents![0]!)).toEqual(Buffer.concat(alone));
  });

  test('an error that quotes a text cut within a character is a status all the same', async () => {
    for (const change of [
      { datatype: `${'x'.repeat(39)}😀` },
      { name: `${'x'.repeat(255)}😀`, datatype: '?' },
    ]) {
      const changed = inputs.map((input) => ({ ...input, ...change }));
      await expect(client.infer({ ...request, inputs: changed })).rejects.toMatchObject({
        code: status.INVALID_ARGUMENT,
        details: expect.stringContaining('x\ufffd'),
      });
    }
  });

  test.each<[string, ModelInferRequestMessage, number, RegExp]>([
    ['no model', { ...request, modelName: '' }, status.NOT_FOUND, /expected a name/],
    ['another model', { ...request, modelName: 'x' }, status.NOT_FOUND, /no model is called 'x'/],
    ['another version', { ...request, modelVersion: '9' }, status.NOT_FOUND, /no version '9'/],
    ['an input too few', { ...request, inputs: [inputs[0]!], rawInputContents: [raw[0]!] }, 3, /'dmrs'/],
    [
      'raw contents of one input',
      { ...request, rawInputContents: [raw[0]!] },
      3,
      /raw_input_contents.*2 inputs/,
    ],
    [
      'no contents',
      { ...request, rawInputContents: [] },
      3,
      /fp32_contents: expected 1344 values, received 0/,
    ],
    [
      'values of another type',
      {
        ...request,
        rawInputContents: [],
        inputs: [{ ...typed[0]!, contents: { intContents: [1] } }, typed[1]!],
      },
      3,
      /inputs\[0\]\.contents: expected values in fp32_contents/,
    ],
    [
      'a datatype of none',
      { ...request, inputs: [{ ...inputs[0]!, datatype: 'BF16' }, inputs[1]!] },
      3,
      /BF16/,
    ],
    [
      'a shape below zero',
      { ...request, rawInputContents: [], inputs: [{ ...typed[0]!, shape: [-1, 4, 14, 24] }, typed[1]!] },
      3,
      /shape: expected sizes of at least 1/,
    ],
    [
      'shared memory',
      {
        ...request,
        inputs: [{ ...inputs[0]!, parameters: { shared_memory_region: { stringParam: 'r' } } }, inputs[1]!],
      },
      3,
      /inputs\[0\]\.parameters\.shared_memory_region: .*not served/,
    ],
    [
      'a classification',
      { ...request, outputs: [{ name: 'llr', parameters: { classification: { int64Param: 3 } } }] },
      3,
      /outputs\[0\]\.parameters\.classification: .*not served/,
    ],
    ['an unknown output', { ...request, outputs: [{ name: 'soft' }] }, 3, /soft/],
    ['a long id', { ...request, id: 'x'.repeat(257) }, 3, /id: expected at most 256/],
    ['a bad timeout', { ...request, parameters: { timeout: { stringParam: 'soon' } } }, 3, /timeout/],
  ])('refuses %s', async (_what, bad, code, message) => {
    await expect(client.infer(bad)).rejects.toMatchObject({ code, details: expect.stringMatching(message) });
  });

  test('too many rows, bytes that do not decode, and deadlines have their codes', async () => {
    const many = inputs.map((input) => ({ ...input, shape: [65, ...input.shape.slice(1)] }));
    await expect(client.infer({ ...request, inputs: many })).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      metadata: expect.objectContaining({}),
    });
    const broken = { ...service.ModelInfer, requestSerialize: () => Buffer.from([0x2a, 200]) };
    await expect(client.call(broken, request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    const large = { ...service.ModelReady, requestSerialize: () => Buffer.alloc(70_000, 0x08) };
    await expect(client.call(large, {})).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    const late = client.infer({ ...request, parameters: { timeout: { int64Param: 1 } } });
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test('counts calls and rows, and gives the room back', async () => {
    const calls = 'spikingrx_requests_total{transport="grpc",method="ModelInfer",code="OK"}';
    const rows = 'spikingrx_grids_total{transport="grpc",code="OK"}';
    const before = [await metrics(calls), await metrics(rows)];
    const batch = gridTensors({ seed: 1 }, { seed: 2 });
    await client.infer({ ...request, inputs: batch.inputs, rawInputContents: batch.raw });
    expect([await metrics(calls), await metrics(rows)]).toEqual([before[0]! + 1, before[1]! + 2]);
    expect(await metrics('spikingrx_admitted_bytes')).toBe(0);
  });
});

async function answersTo(requests: readonly ModelInferRequestMessage[]) {
  const call = client.stream();
  for (const one of requests) call.write(one);
  call.end();
  const answers: ModelStreamInferResponseMessage[] = [];
  for await (const answer of call) answers.push(answer as ModelStreamInferResponseMessage);
  return answers;
}

describe('ModelStreamInfer', () => {
  test('answers every request once and in order, more than the window holds, errors among them', async () => {
    const expected = Buffer.from((await client.infer(request)).rawOutputContents![0]!);
    const requests = Array.from({ length: 40 }, (_, i) => ({
      ...request,
      id: i % 10 === 3 ? 'again' : `r${i}`,
      modelName: i === 7 ? 'nope' : 'random',
      ...(i === 9 && { rawInputContents: [] }),
    }));
    const answers = await answersTo(requests);
    expect(answers.map(({ inferResponse }) => inferResponse!.id)).toEqual(requests.map(({ id }) => id));
    const errors = answers.filter(({ errorMessage }) => errorMessage !== '');
    expect(errors).toMatchObject([
      { errorMessage: expect.stringMatching(/no model is called 'nope'/), inferResponse: { id: 'r7' } },
      { errorMessage: expect.stringMatching(/fp32_contents/), inferResponse: { id: 'r9' } },
    ]);
    expect(errors.map(({ inferResponse }) => inferResponse!.parameters!['code'])).toMatchObject([
      { stringParam: 'NOT_FOUND' },
      { stringParam: 'INVALID_ARGUMENT' },
    ]);
    const good = answers.filter(({ errorMessage }) => errorMessage === '');
    for (const { inferResponse } of good)
      expect(Buffer.from(inferResponse!.rawOutputContents![0]!)).toEqual(expected);
    expect(await metrics('spikingrx_admitted_grids')).toBe(0);
    expect(await metrics('spikingrx_streams')).toBe(0);
  });

  test('a message that does not decode is one error, and the stream goes on', async () => {
    const broken = Buffer.from([0x2a, 200]);
    const call = client.stream((one) => (one.id === 'broken' ? broken : encode(one)));
    call.write({ id: 'broken' });
    call.write(request);
    call.end();
    const answers = (await call.toArray()) as ModelStreamInferResponseMessage[];
    expect(answers).toMatchObject([
      { errorMessage: expect.stringMatching(/a protobuf message of the method/), inferResponse: { id: '' } },
      { errorMessage: '', inferResponse: { id: 'a' } },
    ]);
  });
});

describe('models', () => {
  test('metadata, readiness and health', async () => {
    const { answer: server } = await client.call(service.ServerMetadata, {});
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(server).toMatchObject({ name: 'spikingrx', version });
    expect((await client.call(service.ServerLive, {})).answer.live).toBe(true);
    expect((await client.call(service.ServerReady, {})).answer.ready).toBe(true);
    const ready = async (name: string, modelVersion = '') =>
      (await client.call(service.ModelReady, { name, version: modelVersion })).answer.ready;
    expect([await ready('random'), await ready('random', '1'), await ready('random', '7')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await ready('nope')).toBe(false);
    const { answer } = await client.call(service.ModelMetadata, { name: 'random' });
    expect(answer).toMatchObject({ name: 'random', versions: ['1', '2'], platform: 'onnxruntime_onnx' });
    expect(answer.inputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)])).toEqual([
      ['rx_grid', 'FP32', [-1, 4, -1, -1]],
      ['dmrs', 'FP32', [-1, 2, -1, -1]],
    ]);
    await expect(client.call(service.ModelMetadata, { name: 'nope' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  test('the index of the repository; loading is an admin call', async () => {
    const { answer } = await client.call(service.RepositoryIndex, {});
    expect(answer.models.map(({ name, version, state }) => `${name}/${version} ${state}`)).toEqual([
      'random/1 READY',
      'random/2 READY',
      'wide/1 READY',
    ]);
    await expect(client.call(service.RepositoryIndex, { repositoryName: 'x' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    for (const method of [service.RepositoryModelLoad, service.RepositoryModelUnload])
      await expect(client.call(method, { modelName: 'wide' })).rejects.toMatchObject({
        code: status.PERMISSION_DENIED,
      });
  });
});
