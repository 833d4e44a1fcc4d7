import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import type { ClientGrid } from '#client/index.js';
import type { GridResultMessage } from '#wire/messages.js';
import { llrServiceDefinition } from '#wire/proto.js';
import { requestMessage } from '#client/wire.js';
import { loadConfig, maxRequestBytes } from '#server/config.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
let client: Client;
const SMALL = { maxPrb: 20, maxRx: 4, maxBatchResourceElements: 3360, maxGridsPerRequest: 8 };
const start = async (settings: object = {}) => {
  service = await startTestService({ workers: 1, ...SMALL, ...settings });
  client = new Client(service.target, credentials.createInsecure());
};
afterEach(async () => {
  client.close();
  await service.close();
});

const { path, requestSerialize, responseDeserialize } = llrServiceDefinition.StreamLlr;
const encoded = (grids: readonly ClientGrid[], options = {}): Buffer =>
  requestSerialize(requestMessage(grids, options));

/** A stream to which any bytes can be written as messages. */
function rawStream() {
  return client.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, responseDeserialize, new Metadata());
}

/** What a stream of these messages answers, in the order of the answers, and how it ends. */
async function exchange(messages: readonly Buffer[]) {
  const call = rawStream();
  const results: GridResultMessage[] = [];
  for (const message of messages) call.write(message);
  call.end();
  try {
    for await (const answer of call) results.push(...answer.results);
  } catch (error) {
    return { results, error: error as ServiceError };
  }
  return { results, error: undefined };
}

const outcomes = (results: readonly GridResultMessage[]): string[] =>
  results.map(({ id, error }) => `${id}:${error?.code ?? 'OK'}`);

test('a message of too many grids ends its stream, after the answers to what came before', async () => {
  await start();
  const many = Array.from({ length: 9 }, (_, i) => grid({ id: `over${i}` }));
  const { results, error } = await exchange([
    encoded([grid({ id: 'a' }), grid({ id: 'b', seed: 2 })]),
    encoded(many),
    encoded([grid({ id: 'after' })]),
  ]);
  expect(outcomes(results)).toEqual(['a:OK', 'b:OK']);
  expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(error!.details).toMatch(/grids: expected at most 8, received 9/);
  expect(error!.metadata.get('spikingrx-code')).toEqual(['PAYLOAD_TOO_LARGE']);
  expect(service.server.engine.stats).toMatchObject({ admittedGrids: 0, admittedBytes: 0 });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/method="StreamLlr",code="PAYLOAD_TOO_LARGE"\} 1$/m);
});

test('millions of empty grids are counted, not decoded', async () => {
  await start({ maxBatchResourceElements: 262_144 });
  const hostile = Buffer.alloc(8_000_000);
  for (let i = 0; i < hostile.length; i += 2) hostile[i] = 0x1a;
  const before = performance.now();
  const { results, error } = await exchange([hostile]);
  expect(performance.now() - before).toBeLessThan(2000);
  expect(results).toEqual([]);
  expect(error!.details).toMatch(/at most 8, received 33/);
});

test('what is too large is refused by itself, and the stream goes on', async () => {
  await start();
  const limit = maxRequestBytes(loadConfig({ flags: SMALL }));
  const big = { ...grid({ id: 'big' }), rx: { ...grid().rx, data: new Uint8Array(1.5 * limit) } };
  const good = Array.from({ length: 20 }, (_, i) => grid({ id: `g${i}`, seed: i }));
  const { results, error } = await exchange([
    ...good.map((one) => encoded([one])),
    encoded([big]),
    encoded([grid({ id: 'last' })]),
  ]);
  expect(error).toBeUndefined();
  expect(outcomes(results).toSorted()).toEqual(
    [...good.map(({ id }) => `${id}:OK`), 'big:PAYLOAD_TOO_LARGE', 'last:OK'].toSorted(),
  );
  const failure = results.find(({ id }) => id === 'big')!.error!;
  expect(failure.message).toMatch(/message: expected at most \d+ bytes, received \d+ bytes/);
  await expect(service.grpc.compute([big])).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    field: 'message',
  });
});

test.each([
  ['no protobuf', Buffer.alloc(20_000, 0xff)],
  ['no grids', Buffer.concat([Buffer.from([0x0a, 0xa0, 0x9c, 0x01]), Buffer.alloc(20_000, 0x61)])],
])('%s: a client that reads no answers is held back', async (_name, message) => {
  await start({ maxInFlightPerStream: 8 });
  const call = rawStream();
  const total = 3000;
  let written = 0;
  let answered = 0;
  // grpc-js clients only hold the server back once they have read something.
  call.once('data', ({ results }: { results: unknown[] }) => {
    answered += results.length;
    call.pause();
  });
  for (let i = 0; i < total; i++) call.write(message, () => written++);
  call.end();
  for (let still = 0, before = -1; still < 40; before = written) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    still = written === before ? still + 1 : 0;
  }
  expect(written).toBeLessThan(total);
  for await (const { results } of call) answered += results.length;
  expect(answered).toBe(total);
});

test('an overlong id or model name is not repeated', async () => {
  await start();
  const { results } = await exchange([
    encoded([grid({ id: 'x'.repeat(100_000) })]),
    encoded([grid({ id: 'y' })], { model: 'm'.repeat(100_000) }),
  ]);
  expect(results.map(({ error }) => error?.field ?? '').toSorted((a, b) => a.localeCompare(b))).toEqual([
    'grids[0].id',
    'model',
  ]);
  expect(JSON.stringify(results).length).toBeLessThan(2000);
});

test('a time limit counts from when the message was read, also while it waits for the window', async () => {
  await start({ maxInFlightPerStream: 1, maxBatchResourceElements: 262_144 });
  const busy = service.grpc.compute(
    Array.from({ length: 8 }, (_, seed) => grid({ seed, nSc: 240, id: `b${seed}` })),
  );
  const { results } = await exchange([
    encoded([grid({ id: 'slow', nSc: 240 })]),
    encoded([grid({ id: 'late' })], { timeoutMs: 1 }),
  ]);
  expect(outcomes(results)).toEqual(['late:DEADLINE_EXCEEDED', 'slow:OK']);
  await busy;
});
