import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModelContract } from '#onnx/contract.js';
import { loadConfig } from '#server/config.js';
import { framed, RawGrpc, statusOf } from '../faults/helpers/raw-grpc.js';
import { base64, grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

const CORPUS = fileURLToPath(new URL('../corpus/', import.meta.url));

interface Expected {
  /** Of HTTP or of gRPC. */
  readonly status?: number;
  /** Where what answers it may change: any of these. */
  readonly anyOf?: readonly number[];
  readonly code?: string;
  readonly field?: string;
}

interface Entry {
  readonly api: 'rest-json' | 'rest-binary' | 'oip' | 'http' | 'grpc' | 'config' | 'model';
  readonly file: string;
  readonly what: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

const index = JSON.parse(readFileSync(join(CORPUS, 'index.json'), 'utf8')) as readonly Entry[];
const of = (...apis: readonly Entry['api'][]) =>
  index
    .filter(({ api }) => apis.includes(api))
    .map((entry) => [`${entry.api}/${entry.file}: ${entry.what}`, entry] as const);
const bytesOf = ({ api, file }: Entry): Buffer => readFileSync(join(CORPUS, api, file));

let service: TestService;
let reference: string;
const answer = async (): Promise<string> => base64((await service.grpc.compute([grid()]))[0]!.llr.data);
beforeAll(async () => {
  service = await startTestService({ maxPrb: 10, maxBatchResourceElements: 1680 });
  reference = await answer();
});
afterAll(async () => service.close());

/** What is not as it should be of an answer; undefined when all is. */
function complaint(status: number | string, body: string, expected: Expected): string | undefined {
  const wanted: readonly unknown[] = expected.anyOf ?? [expected.status];
  if (!wanted.includes(status)) return `status ${status}: ${body}`;
  if (expected.code === undefined) return undefined;
  const { error } = JSON.parse(body) as { error: Readonly<Record<string, string>> | string };
  // The Open Inference Protocol has a text for an error.
  if (typeof error === 'string') return error === '' ? 'an empty error' : undefined;
  if (error['code'] !== expected.code) return `code ${error['code']}`;
  if (expected.field !== undefined && error['field'] !== expected.field) return `field ${error['field']}`;
  // Neither a stack nor a path of ours.
  return /node_modules|\.js:|\\n *at /.test(body) ? body : undefined;
}

test('the index and the files are the same', () => {
  const apis = readdirSync(CORPUS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = apis.flatMap(({ name }) => readdirSync(join(CORPUS, name)).map((file) => `${name}/${file}`));
  expect(files.toSorted()).toEqual(index.map(({ api, file }) => `${api}/${file}`).toSorted());
  expect(index.filter(({ what }) => what === '')).toEqual([]);
  expect(existsSync(join(CORPUS, 'README.md'))).toBe(true);
});

describe('REST', () => {
  const TYPES: Readonly<Record<string, string>> = { 'rest-binary': 'application/octet-stream' };
  const PATHS: Readonly<Record<string, string>> = { oip: '/v2/models/random/infer' };

  test.each(of('rest-json', 'rest-binary', 'oip'))('%s', async (_name, entry) => {
    const query = entry.query === undefined ? '' : `?${entry.query}`;
    const response = await fetch(`${service.url}${PATHS[entry.api] ?? '/v1/llr'}${query}`, {
      method: 'POST',
      headers: { 'content-type': TYPES[entry.api] ?? 'application/json', ...entry.headers },
      body: bytesOf(entry),
    });
    const body = Buffer.from(await response.arrayBuffer());
    expect(complaint(response.status, body.toString(), entry.expected)).toBeUndefined();
  });
});

describe('HTTP', () => {
  test.each(of('http'))('%s', async (_name, entry) => {
    const socket = connect(service.server.httpPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytesOf(entry));
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    const [, status, body] = /^HTTP\/1\.1 (\d+) [^]*?\r\n\r\n([^]*)$/.exec(first.toString('latin1')) ?? [];
    expect(complaint(Number(status), body ?? '', entry.expected)).toBeUndefined();
  });
});

test.each(of('grpc'))('%s', async (_name, entry) => {
  const raw = await RawGrpc.open(service.target);
  const call = raw.call('ComputeLlr');
  call.end(framed(bytesOf(entry)));
  expect(complaint(await statusOf(call), '', entry.expected)).toBeUndefined();
  raw.close();
});

test.each(of('config'))('%s', (_name, entry) => {
  const load = () => loadConfig({ file: join(CORPUS, entry.api, entry.file) });
  expect(load).toThrow(expect.objectContaining({ code: entry.expected.code }));
});

test.each(of('model'))('%s', (_name, entry) => {
  expect(() => readModelContract(bytesOf(entry))).toThrow(
    expect.objectContaining({ code: entry.expected.code }),
  );
});

test('after all of this, the service answers with the very same LLRs and holds nothing', async () => {
  expect(await answer()).toBe(reference);
  await expect
    .poll(() => service.server.engine.stats)
    .toMatchObject({ admittedGrids: 0, admittedBytes: 0, unansweredGrids: 0 });
});
