import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestMessage } from '#client/wire.js';
import { BoundedModelLabels } from '#server/metrics/model-labels.js';
import { llrServiceDefinition as rpc } from '#wire/proto.js';
import { grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { parseMetrics, scrape } from './helpers/metrics-text.js';

/** In everything that the test makes up, and in nothing else. */
const MARK = 'zzmadeup';

let service: TestService;
let bare: Client;
beforeAll(async () => {
  service = await startTestService({ workers: 1 });
  bare = new Client(service.target, credentials.createInsecure());
});
afterAll(async () => {
  bare.close();
  await service.close();
});

async function rest(path: string, method = 'GET', body?: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-request-id': `${MARK}-id`, 'user-agent': MARK };
  const answer = await fetch(`${service.url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await answer.text();
}

async function grpc(path: string, message: ReturnType<typeof requestMessage>): Promise<void> {
  const metadata = new Metadata();
  metadata.set('x-request-id', `${MARK}-id`);
  await new Promise<void>((resolve) => {
    bare.makeUnaryRequest(
      path,
      rpc.ComputeLlr.requestSerialize,
      (bytes) => bytes,
      message,
      metadata,
      () => resolve(),
    );
  });
}

/** Everything in a request that a client may choose, chosen anew for each `i`. */
async function madeUp(i: number): Promise<void> {
  const name = `${MARK}${i}`;
  const one = jsonGrid(grid({ id: name }));
  const message = { ...requestMessage([grid({ id: name })], {}), model: name };
  await Promise.all([
    rest(`/${name}/${i}`),
    rest(`/v1/models/${name}`),
    rest(`/v1/models/random?version=${name}`),
    rest(`/v1/llr?${name}=1`, 'POST', { grids: [one] }),
    rest('/v1/llr', 'POST', { grids: [one], model: name }),
    rest('/v1/llr', 'POST', { grids: [one], version: name }),
    rest(`/v2/models/${name}/versions/${i}/infer`, 'POST', {}),
    rest('/v1/llr', ['PUT', 'DELETE', 'PATCH'][i % 3]),
    grpc(rpc.ComputeLlr.path, message),
    grpc(`/spikingrx.v1.LlrService/${name}`, message),
    grpc(`/${name}.Service/Method`, message),
  ]);
}

test('what clients make up never becomes a label, and makes no new series', async () => {
  for (let i = 0; i < 6; i++) await madeUp(i);
  await rest('/metrics');
  const before = parseMetrics(await scrape(service.url));
  for (let i = 6; i < 46; i++) await madeUp(i);
  const text = await scrape(service.url);
  expect(text).not.toContain(MARK);
  const after = parseMetrics(text);
  const key = ({ name, labels }: (typeof after)[number]): string => name + JSON.stringify(labels);
  const known = new Set(before.map(key));
  expect(after.map(key).filter((one) => !known.has(one))).toEqual([]);
});

test('the requests were counted, under names that the service gave', async () => {
  const ended = parseMetrics(await scrape(service.url)).filter(
    ({ name }) => name === 'spikingrx_requests_total',
  );
  const count = (method: string, code: string): number | undefined =>
    ended.find(({ labels }) => labels['method'] === method && labels['code'] === code)?.value;
  expect(count('GET unmatched', 'NOT_FOUND')).toBe(46);
  expect(count('GET /v1/models/:name', 'NOT_FOUND')).toBeGreaterThanOrEqual(92);
  expect(count('ComputeLlr', 'NOT_FOUND')).toBe(46);
});

test('a metric with models has a bound, whatever is loaded and unloaded', () => {
  const labels = new BoundedModelLabels();
  const pairs = Array.from({ length: 1000 }, (_, i) => labels.of(`m${i % 500}`, String(i)));
  expect(new Set(pairs.map(({ model, version }) => `${model}/${version}`)).size).toBe(101);
  expect(labels.of('m7', '7')).toEqual({ model: 'm7', version: '7' });
  expect(labels.of('m200', '200')).toEqual({ model: 'other', version: 'other' });
});
