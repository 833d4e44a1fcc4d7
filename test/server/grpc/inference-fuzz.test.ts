import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type {
  InferTensorMessage,
  ModelInferRequestMessage,
  ModelStreamInferResponseMessage,
} from '#wire/inference/messages.js';
import { inferenceServiceDefinition as service } from '#wire/inference/proto.js';
import { gridTensors, InferenceClient } from '../helpers/inference.js';
import { startTestService, type TestService } from '../helpers/service.js';

let running: TestService;
let client: InferenceClient;
beforeAll(async () => {
  running = await startTestService({ workers: 1 });
  client = new InferenceClient(running.target);
});
afterAll(async () => {
  client.close();
  await running.close();
});

const good = gridTensors({ seed: 1, nSc: 12 });
const GOOD: ModelInferRequestMessage = {
  modelName: 'random',
  inputs: good.inputs,
  rawInputContents: good.raw,
};

const odd = <T>(usual: T, strange: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: strange });
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const contents = fc.record(
  {
    fp32Contents: fc.array(fc.float(), { maxLength: 40 }),
    intContents: fc.array(fc.integer(), { maxLength: 10 }),
    boolContents: fc.array(fc.boolean(), { maxLength: 10 }),
    bytesContents: fc.array(bytes, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const input = ({ name, shape }: { readonly name: string; readonly shape: readonly number[] }) =>
  fc.record({
    name: odd(name, fc.string()),
    datatype: odd('FP32', fc.constantFrom('FP16', 'INT64', 'BYTES', '', 'constructor')),
    shape: odd([...shape], fc.array(fc.maxSafeInteger(), { maxLength: 5 })),
    contents: odd({}, contents),
  });
const parameter = fc.oneof(
  fc.record({ int64Param: fc.maxSafeInteger() }),
  fc.record({ stringParam: fc.string() }),
  fc.record({ doubleParam: fc.double() }),
  fc.record({ boolParam: fc.boolean() }),
);
const request: fc.Arbitrary<ModelInferRequestMessage> = fc.record({
  modelName: odd('random', fc.string()),
  modelVersion: odd('', fc.string()),
  id: fc.string(),
  parameters: odd({}, fc.dictionary(fc.constantFrom('timeout', 'priority', 'other', '__proto__'), parameter)),
  inputs: odd<readonly InferTensorMessage[]>(
    good.inputs,
    fc.tuple(input(good.inputs[0]!), input(good.inputs[1]!)),
  ),
  outputs: odd<{ name: string }[]>(
    [],
    fc.array(fc.record({ name: odd('llr', fc.string()) }), { maxLength: 2 }),
  ),
  rawInputContents: odd<Uint8Array[]>([...good.raw], fc.array(bytes, { maxLength: 3 })),
});

/** What a server may say of whatever a client may send; INTERNAL is not among it. */
const CODES = new Set(['NOT_FOUND', 'INVALID_ARGUMENT', 'PAYLOAD_TOO_LARGE', 'DEADLINE_EXCEEDED']);

async function answersTo(messages: readonly Buffer[]): Promise<ModelStreamInferResponseMessage[]> {
  const call = client.stream((one) => messages[Number(one.id)]!);
  for (const i of messages.keys()) call.write({ id: String(i) });
  call.end();
  return (await call.toArray()) as ModelStreamInferResponseMessage[];
}

test('whatever a stream is sent, each message has one answer, and those that are well are not disturbed', async () => {
  const encode = service.ModelInfer.requestSerialize;
  const wellFormed = encode(GOOD);
  const [undisturbed] = await answersTo([wellFormed]);
  const noise = fc.oneof(
    bytes,
    fc.tuple(fc.nat({ max: wellFormed.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
      const damaged = Buffer.from(wellFormed);
      damaged[at] = byte;
      return damaged;
    }),
  );
  const message = fc.oneof(request.map(encode), noise);
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
      const answers = await answersTo([...messages, wellFormed]);
      expect(answers).toHaveLength(messages.length + 1);
      const codes = answers.flatMap(({ inferResponse, errorMessage }) =>
        errorMessage === '' ? [] : [inferResponse!.parameters!['code']?.stringParam],
      );
      expect(codes.filter((code) => !CODES.has(String(code)))).toEqual([]);
      const last = answers.at(-1)!.inferResponse!;
      expect(last.rawOutputContents).toEqual(undisturbed!.inferResponse!.rawOutputContents);
    }),
    { numRuns: 60, seed: 3 },
  );
});
