import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { Client, compressionAlgorithms, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bytesOf } from '#client/index.js';
import { loadConfig, maxJsonBytes } from '#server/config.js';
import { llrServiceDefinition as rpc } from '#wire/proto.js';
import { hasPython, hasTool, PYTHON } from '../helpers/tools.js';
import { grid, jsonGrid, rxTensor } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

const run = promisify(execFile);
const DMRS = encodeURIComponent(JSON.stringify({ symbolPositions: [2, 11], nId: 42, slot: 3 }));
const BINARY_PATH = `/v1/llr?shape=2,14,24&dmrsConfig=${DMRS}`;

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ maxBatchResourceElements: 4000, maxPrb: 4 });
});
afterAll(async () => service.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Without what `fetch` does of its own to encodings. */
async function send(path: string, headers: Record<string, string> = {}, body?: Uint8Array): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    httpRequest(`${service.url}${path}`, { method, headers }, resolve).on('error', reject).end(body);
  });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
}

const JSON_GZIP = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
const json = Buffer.from(JSON.stringify({ grids: [jsonGrid(grid())] }));
const errorOf = ({ status, body }: Answer) => ({
  status,
  ...(JSON.parse(String(body)) as { error: { code: string; field: string; received: string } }).error,
});
const llr = ({ body }: Answer) =>
  (JSON.parse(String(body)) as { results: { llr: unknown }[] }).results.map((result) => result.llr);
/** Room that requests hold at the moment. */
const admittedBytes = () => service.server.engine.stats.admittedBytes;

describe('gzip requests', () => {
  test('JSON and octet-stream give the LLRs of the plain ones', async () => {
    const plain = await send('/v1/llr', { 'content-type': 'application/json' }, json);
    const packed = await send('/v1/llr', JSON_GZIP, gzipSync(json));
    expect(packed.status).toBe(200);
    expect(llr(packed)).toEqual(llr(plain));

    const samples = bytesOf(rxTensor().data);
    const octets = { 'content-type': 'application/octet-stream' };
    const one = await send(BINARY_PATH, octets, samples);
    const other = await send(BINARY_PATH, { ...octets, 'content-encoding': 'gzip' }, gzipSync(samples));
    expect(one.status).toBe(200);
    expect(other.body.equals(one.body)).toBe(true);
  });

  test('a body in several gzip members, and one that comes in chunks', async () => {
    const half = json.byteLength >> 1;
    const members = Buffer.concat([gzipSync(json.subarray(0, half)), gzipSync(json.subarray(half))]);
    expect((await send('/v1/llr', JSON_GZIP, members)).status).toBe(200);
    const chunked = { ...JSON_GZIP, 'transfer-encoding': 'chunked' };
    expect((await send('/v1/llr', chunked, gzipSync(json))).status).toBe(200);
  });

  test.each([
    ['is no gzip', json],
    ['is cut off', gzipSync(json).subarray(0, -10)],
    ['was changed', Buffer.from(gzipSync(json)).fill(0, 40, 60)],
    ['is empty', Buffer.alloc(0)],
  ])('a body that %s: 400', async (_what, body) => {
    const answer = await send('/v1/llr', { ...JSON_GZIP, 'content-length': String(body.byteLength) }, body);
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT', field: 'body' });
  });

  test('another encoding: 415, with those that are taken', async () => {
    for (const encoding of ['deflate', 'br', 'gzip, gzip', 'x']) {
      const answer = await send('/v1/llr', { ...JSON_GZIP, 'content-encoding': encoding }, deflateSync(json));
      expect(errorOf(answer)).toMatchObject({ status: 415, field: 'content-encoding', received: encoding });
      expect(answer.headers['accept-encoding']).toBe('gzip, identity');
    }
  });

  test('a bomb is refused when it passes the limit of a body, and its room comes back', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20, '[')); // 64 MiB in 64 kB
    const started = process.memoryUsage().rss;
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => send('/v1/llr', JSON_GZIP, bomb).catch(() => undefined)),
    );
    const refused = answers.filter((answer) => answer !== undefined).map(errorOf);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    await vi.waitFor(() => expect(admittedBytes()).toBe(0), 10_000);
    // Eight of them whole would be 512 MiB.
    expect(process.memoryUsage().rss - started).toBeLessThan(200 * 2 ** 20);
    expect((await send('/v1/llr', JSON_GZIP, gzipSync(json))).status).toBe(200);
  });

  test('what swells more than a hundredfold is refused well below that limit', async () => {
    const large = await startTestService();
    const body = gzipSync(Buffer.alloc(8 * 2 ** 20, ' '));
    expect(8 * 2 ** 20).toBeLessThan(maxJsonBytes(loadConfig()));
    const response = await fetch(`${large.url}/v1/llr`, { method: 'POST', headers: JSON_GZIP, body });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { expected: 'at most 100 times its compressed size' },
    });
    await large.close();
  });
});

describe('answers', () => {
  const decoders = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  test.each(['gzip', 'deflate', 'br'] as const)('JSON and metrics in %s, when asked', async (encoding) => {
    for (const path of ['/openapi.json', '/metrics']) {
      const answer = await send(path, { 'accept-encoding': encoding });
      expect(answer.headers['content-encoding']).toBe(encoding);
      expect(answer.headers.vary).toContain('accept-encoding');
      const plain = decoders[encoding](answer.body);
      expect(answer.body.byteLength).toBeLessThan(plain.byteLength / 2);
      expect(String(plain)).toContain(path === '/metrics' ? '# HELP spikingrx' : '"openapi":"3.1.0"');
    }
  });

  test('LLRs as octet-stream, small answers and those for clients that do not ask are as they were', async () => {
    const octets = { 'content-type': 'application/octet-stream', 'accept-encoding': 'gzip' };
    const answers = [
      await send(BINARY_PATH, octets, bytesOf(rxTensor().data)),
      await send('/healthz', { 'accept-encoding': 'gzip' }),
      await send('/openapi.json'),
      await send('/openapi.json', { 'accept-encoding': 'identity' }),
    ];
    for (const { status, headers } of answers) {
      expect(status).toBe(200);
      expect(headers['content-encoding']).toBeUndefined();
    }
  });

  test('compressAnswers: false leaves all of them as they are', async () => {
    const plain = await startTestService({ compressAnswers: false });
    const response = await fetch(`${plain.url}/openapi.json`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBeNull();
    await plain.close();
  });

  test.skipIf(!hasTool('curl'))('curl --compressed', async () => {
    const { stdout } = await run('curl', ['-s', '--compressed', `${service.url}/v1/models`]);
    expect(JSON.parse(stdout)).toHaveProperty('models');
  });
});

describe('gRPC', () => {
  test.each(['gzip', 'deflate'] as const)('messages in %s from grpc-js', async (name) => {
    const client = new Client(service.target, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compressionAlgorithms[name],
    });
    const { path, requestSerialize, responseDeserialize } = rpc.GetModel;
    const model = await new Promise((resolve, reject) => {
      const serialize = requestSerialize as (value: object) => Buffer;
      client.makeUnaryRequest(path, serialize, responseDeserialize, { name: 'wide' }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
    expect(model).toMatchObject({ name: 'wide' });
    client.close();
  });

  test.skipIf(!hasPython('grpc'))('messages in gzip from Python’s gRPC', async () => {
    const script = `
import sys, grpc
with grpc.insecure_channel(sys.argv[1], compression=grpc.Compression.Gzip) as channel:
    request = b'\\x0a\\x04wide'
    print(channel.unary_unary('/spikingrx.v1.LlrService/GetModel')(request, timeout=20))
`;
    expect((await run(PYTHON, ['-c', script, service.target])).stdout).toContain('wide');
  });

  test('a bomb ends its call with RESOURCE_EXHAUSTED; others are served', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 2 ** 20));
    const started = process.memoryUsage().rss;
    expect(await grpcStatusOf(bomb)).toBe('8');
    expect(process.memoryUsage().rss - started).toBeLessThan(128 * 2 ** 20);
    expect(await service.grpc.compute([grid()])).toHaveLength(1);
  });

  test('what is no gzip ends its call only', async () => {
    expect(await grpcStatusOf(randomBytes(100))).toBe('13');
    expect(await service.grpc.compute([grid()])).toHaveLength(1);
  });
});

/** Status of a unary call whose message, said to be gzip, is `packed`. */
async function grpcStatusOf(packed: Buffer): Promise<string> {
  const session = connectHttp2(`http://${service.target}`);
  const call = session.request({
    ':method': 'POST',
    ':path': rpc.ComputeLlr.path,
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
    te: 'trailers',
  });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(1, 0);
  prefix.writeUInt32BE(packed.byteLength, 1);
  const status = new Promise<string>((resolve, reject) => {
    for (const event of ['response', 'trailers'] as const)
      call.on(event, (headers) => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']));
      });
    call.on('error', reject);
  });
  call.resume().end(Buffer.concat([prefix, packed]));
  return status.finally(() => session.destroy());
}
