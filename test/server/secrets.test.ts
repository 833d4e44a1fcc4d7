import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { assert, asyncProperty, constantFrom, uint8Array, webPath } from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { newApiKey } from '#server/access/api-keys.js';
import { REDACTED_PATHS, withoutCredentials } from '#server/redaction.js';
import { llrServiceDefinition as rpc } from '#wire/proto.js';
import { grid, jsonGrid } from './helpers/grids.js';
import { startTestService, testModels, type TestService } from './helpers/service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Frames of a stack, and places on the service's disk. */
const INSIDE = /\n\s+at |\.js:\d+|node_modules|\/dist\/|node:internal|\/tmp\/|\/home\/|\/root\//;

async function seen(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init);
  return JSON.stringify([...response.headers]) + (await response.text());
}

const json = (method: string, body: unknown) => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('answers tell nothing of the inside', () => {
  const lines: string[] = [];
  let service: TestService;
  let client: Client;
  beforeAll(async () => {
    const log = pino({}, { write: (line: string) => lines.push(line) });
    service = await startTestService({ adminPort: 0 }, { log });
    client = new Client(service.target, credentials.createInsecure());
  });
  afterAll(async () => {
    client.close();
    await service.close();
  });

  const admin = () => `http://127.0.0.1:${service.server.adminPort}`;

  const good = jsonGrid(grid());

  test.each([
    ['/v1/llr', json('POST', '{')],
    ['/v1/llr', json('POST', { grids: [{ ...good, rx: { ...good.rx, shape: [1, 2] } }] })],
    ['/v1/llr', json('POST', { model: '../../etc', grids: [good] })],
    ['/v1/llr', json('POST', { model: 'constructor', grids: [good] })],
    ['/v1/llr', { ...json('POST', 'x'), headers: { 'content-type': 'text/x' } }],
    ['/v1/spikes', json('POST', { grids: [good], layers: ['../../etc'] })],
    ['/v1/llr?shape=1', { ...json('POST', 'x'), headers: { 'content-type': 'application/octet-stream' } }],
    ['/v1/models/..%2f..%2fetc%2fpasswd', {}],
    ['/v1/models/random?version=..%2f', {}],
    ['/docs/static/..%2f..%2f..%2fpackage.json', {}],
    ['/docs/static/%2e%2e/%2e%2e/index.js', {}],
    ['/v2/models/..%2fx/infer', json('POST', {})],
    ['/v2/models/random/infer', json('POST', { inputs: [{ name: 'x' }] })],
    ['/%00', {}],
    ['/metrics', {}],
  ])('%s %#', async (path, init) => {
    expect(await seen(service.url + path, init)).not.toMatch(INSIDE);
  });

  test('not even where files are spoken of', async () => {
    const load = '/v2/repository/models';
    for (const name of ['random', 'none', '..%2f..%2fetc', 'a'.repeat(200)])
      expect(await seen(`${admin()}${load}/${name}/load`, json('POST', {}))).not.toMatch(INSIDE);
    expect(await seen(`${service.url}/v2/repository/index`, json('POST', {}))).not.toMatch(INSIDE);
    expect(await seen(`${admin()}/readyz`)).not.toMatch(INSIDE);
  });

  test('whatever is sent, over REST', async () => {
    const paths = constantFrom(
      '/v1/llr',
      '/v1/spikes',
      '/v2/models/random/infer',
      '/v1/models/',
      '/v1/reports',
      '/',
    );
    const types = constantFrom('application/json', 'application/octet-stream', 'text/plain', '');
    await assert(
      asyncProperty(
        paths,
        types,
        uint8Array({ maxLength: 200 }),
        webPath(),
        async (path, type, body, rest) => {
          const init = { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(body) };
          expect(await seen(`${service.url}${path}${rest.replace(/^\//, '')}`, init)).not.toMatch(INSIDE);
        },
      ),
      { numRuns: 50, seed: 5 },
    );
  });

  test('whatever is sent, over gRPC', async () => {
    const methods = constantFrom(
      rpc.ComputeLlr.path,
      rpc.GetModel.path,
      '/inference.GRPCInferenceService/ModelInfer',
    );
    await assert(
      asyncProperty(methods, uint8Array({ maxLength: 200 }), async (path, bytes) => {
        const outcome = await new Promise<string>((resolve) => {
          client.makeUnaryRequest(
            path,
            (value: Uint8Array) => Buffer.from(value),
            (answer) => answer,
            bytes,
            new Metadata(),
            (error, answer) => {
              const { details, metadata } = (error ?? {}) as Partial<ServiceError>;
              resolve(
                `${details} ${JSON.stringify(metadata?.toJSON() ?? {})} ${answer?.toString('latin1') ?? ''}`,
              );
            },
          );
        });
        expect(outcome).not.toMatch(INSIDE);
      }),
      { numRuns: 50, seed: 6 },
    );
  });

  test('and nothing that a client sends makes a log line of its own', async () => {
    const forged = '\n{"level":60,"msg":"forged"}\n';
    await seen(`${service.url}/v1/llr`, json('POST', { model: forged, grids: [good] }));
    await seen(`${service.url}/v1/models/${encodeURIComponent(forged)}`);
    expect(lines.map((line) => line.trim()).filter((line) => line.includes('\n'))).toEqual([]);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).not.toContain('forged');
  });
});

describe('credentials are not in the log', () => {
  test('of the whole service, at its most talkative, grpc-js included', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'spikingrx-secrets-'));
    const { key, entry } = newApiKey({ id: 'gnb', scopes: ['infer'] });
    const apiKeysFile = join(directory, 'keys.yaml');
    writeFileSync(apiKeysFile, stringify({ keys: [entry] }), { mode: 0o600 });
    const models = await testModels();
    const flags = ['--host', '127.0.0.1', '--http-port', '0', '--grpc-port', '0', '--workers', '1'];
    const more = ['--models-dir', models.path, '--api-keys-file', apiKeysFile, '--log-level', 'trace'];
    const env = { ...process.env, GRPC_TRACE: 'all', GRPC_VERBOSITY: 'DEBUG' };
    const service = spawn(process.execPath, [MAIN, 'serve', ...flags, ...more, '--drain-delay-ms', '0'], {
      env,
    });
    const log: string[] = [];
    service.stderr.on('data', (chunk: Buffer) => log.push(String(chunk)));
    const output = createInterface({ input: service.stdout }).on('line', (line) => log.push(line));
    const isReady = () => log.some((line) => line.includes('"listening"'));
    while (!isReady()) await once(output, 'line');
    const { httpPort, grpcPort } = JSON.parse(log.find((line) => line.includes('"listening"'))!) as Record<
      string,
      number
    >;
    const wrong = 'gnb.wrong-secret';
    const url = `http://127.0.0.1:${httpPort}/v1/models`;
    const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
    for (const secret of [key, wrong]) {
      await (await fetch(url, { headers: { authorization: `Bearer ${secret}` } })).text();
      await (await fetch(url, { headers: { 'x-api-key': secret } })).text();
      for (const [name, value] of [
        ['authorization', `Bearer ${secret}`],
        ['x-api-key', secret],
      ] as const) {
        const metadata = new Metadata();
        metadata.set(name, value);
        await new Promise<void>((resolve) => {
          const { path } = rpc.ListModels;
          client.makeUnaryRequest(
            path,
            (bytes: Uint8Array) => Buffer.from(bytes),
            (bytes) => bytes,
            new Uint8Array(),
            metadata,
            () => resolve(),
          );
        });
      }
    }
    client.close();
    service.kill('SIGTERM');
    await once(service, 'close');
    await models.remove();
    rmSync(directory, { recursive: true });
    const text = log.join('\n');
    expect(text).toContain('[redacted]');
    for (const secret of [key, String(key.split('.')[1]), wrong, 'wrong-secret', entry.sha256])
      expect(text.includes(secret)).toBe(false);
  }, 60_000);

  test('of objects that are logged with headers in them', () => {
    const written: string[] = [];
    const log = pino({ redact: [...REDACTED_PATHS] }, { write: (line: string) => written.push(line) });
    const headers = { authorization: 'Bearer hush', 'x-api-key': 'hush', cookie: 'hush', accept: 'kept' };
    log.info({ headers });
    log.info({ req: { headers } });
    log.info(headers);
    expect(written).toHaveLength(3);
    for (const line of written) {
      expect(line).not.toContain('hush');
      expect(line).toContain('kept');
    }
  });

  test.each([
    '{"authorization":["Bearer hush"],"accept":["kept"]}',
    '{"x-api-key":["hush"],"accept":"kept"}',
    'authorization: Bearer hush\naccept: kept',
    'X-API-Key=hush accept=kept',
  ])('of text such as %o', (text) => {
    const clean = withoutCredentials(text);
    expect(clean).not.toContain('hush');
    expect(clean).toContain('kept');
  });
});
