import { Client, credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ provider: 'auto' });
});
afterAll(async () => service.close());

const json = async (path: string) =>
  (await fetch(`${service.url}${path}`)).json() as Promise<Record<string, never>>;

describe('models', () => {
  test('REST and gRPC tell the same', async () => {
    const rest = await service.rest.models();
    const grpc = await service.grpc.models();
    expect(rest.map(({ name, version }) => `${name}/${version}`)).toEqual(['random/1', 'random/2', 'wide/1']);
    const strip = ({
      name,
      version,
      nRx,
      bitsPerSymbol,
      sha256,
      provider,
      isDefault,
      inputs,
      config,
    }: (typeof rest)[0]) => ({
      name,
      version,
      nRx,
      bitsPerSymbol,
      sha256,
      provider,
      isDefault,
      inputs,
      config,
    });
    expect(grpc.map(strip)).toEqual(rest.map(strip));
    expect(rest[0]).toMatchObject({ nRx: 2, bitsPerSymbol: 2, provider: 'cpu', providerRequested: 'auto' });
    expect(await service.rest.model('random')).toMatchObject({ version: '2', isDefault: true });
    expect(await service.grpc.model('random', '1')).toMatchObject({ version: '1' });
    expect(await service.grpc.model()).toMatchObject({ name: 'random', version: '2' });
  });

  test('auto without CUDA says that it fell back, without paths', async () => {
    const { providerFallback } = (await json('/v1/models/random')) as { providerFallback?: string };
    expect(providerFallback).toMatch(/CUDA is not available/);
    expect(providerFallback).not.toMatch(/node_modules/);
    expect(providerFallback).not.toContain(process.cwd());
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(
      /^spikingrx_provider_info\{provider="cpu",requested="auto",fallback="true"\} 1$/m,
    );
  });
});

test('every sample of /metrics parses, and counts what was done', async () => {
  await service.rest.compute([grid({ seed: 1 }), grid({ seed: 2 })]);
  await service.grpc.compute([grid()]);
  await service.rest.compute([grid()], { model: 'nope' }).catch(() => undefined);
  const response = await fetch(`${service.url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  const samples = new Map<string, number>();
  for (const line of (await response.text())
    .split('\n')
    .filter((text) => text !== '' && !text.startsWith('#'))) {
    const parts = /^([a-z_][a-z0-9_]*(?:\{[^}]*\})?) (\S+)$/i.exec(line);
    if (!parts) throw new Error(`no sample: ${line}`);
    samples.set(parts[1]!, Number(parts[2]));
  }
  expect(samples.get('spikingrx_grids_total{transport="rest",code="OK"}')).toBe(2);
  expect(samples.get('spikingrx_grids_total{transport="grpc",code="OK"}')).toBe(1);
  expect(samples.get('spikingrx_requests_total{transport="rest",method="POST /v1/llr",code="OK"}')).toBe(1);
  expect(
    samples.get('spikingrx_requests_total{transport="rest",method="POST /v1/llr",code="NOT_FOUND"}'),
  ).toBe(1);
  expect(samples.get('spikingrx_requests_total{transport="grpc",method="ComputeLlr",code="OK"}')).toBe(1);
  for (const stage of ['decode', 'queue', 'compute'])
    expect(samples.get(`spikingrx_stage_seconds_count{stage="${stage}"}`)).toBe(3);
  expect(samples.get('spikingrx_stage_seconds_bucket{le="0.00005",stage="decode"}')).toBeDefined();
  expect(samples.get('spikingrx_batch_size_grids_count')).toBeGreaterThanOrEqual(1);
  expect(samples.get('spikingrx_admitted_grids')).toBe(0);
  expect(samples.get('spikingrx_queue_grids')).toBe(0);
  expect(samples.get('spikingrx_event_loop_delay_seconds_count')).toBeDefined();
  expect([...samples.keys()].filter((key) => key.startsWith('spikingrx_model_info'))).toHaveLength(3);
});

test('only counters are named like counters', async () => {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const gauges = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name);
  expect(gauges.length).toBeGreaterThan(20);
  expect(gauges.filter((name) => name?.endsWith('_total'))).toEqual([]);
});

test('queries that have no effect are refused', async () => {
  for (const path of ['/v1/models?page=2', '/v1/models/random?vresion=1', '/openapi.json?x'])
    expect(await json(path)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', expected: 'no such key' } });
});

test('/openapi.json covers every route with resolvable, closed schemas, and /docs serves it', async () => {
  const api = (await json('/openapi.json')) as unknown as {
    openapi: string;
    paths: Record<
      string,
      Record<string, { requestBody?: { content: Record<string, unknown> }; responses: object }>
    >;
  };
  expect(api.openapi).toMatch(/^3\.1/);
  const routes = [
    '/v1/llr',
    '/v1/decode-reports',
    '/v1/spikes',
    '/v1/models',
    '/v1/models/{name}',
    '/healthz',
    '/readyz',
    '/startupz',
    '/metrics',
    '/v1/live',
    '/v1/live/request',
    '/admin/log-level',
    '/openapi.json',
  ];
  const own = Object.keys(api.paths).filter((path) => !path.startsWith('/v2'));
  expect(own.toSorted()).toEqual(routes.toSorted());
  const { post } = api.paths['/v1/llr']!;
  expect(Object.keys(post!.requestBody!.content)).toEqual(['application/json', 'application/octet-stream']);
  expect(post!.requestBody!.content['application/json']).toMatchObject({
    schema: {
      additionalProperties: false,
      required: ['grids'],
      properties: { grids: { items: { required: ['id', 'rx', 'dmrs'], additionalProperties: false } } },
    },
  });
  for (const status of ['200', '400', '404', '413', '429', '503', '504'])
    expect(post!.responses).toHaveProperty(status);
  expect(JSON.stringify(api)).not.toContain('"$ref"');
  const docs = await fetch(`${service.url}/docs/`);
  expect(docs.status).toBe(200);
  expect(await docs.text()).toContain('swagger');
});

test('the health service answers and is watchable', async () => {
  interface Health {
    check(request: object, done: (error: Error | null, answer: { status: string }) => void): void;
    close(): void;
  }
  const root = loadPackageDefinition(loadSync(healthProto, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: new (target: string, creds: unknown) => Health } } };
  };
  const client = new root.grpc.health.v1.Health(service.target, credentials.createInsecure());
  for (const name of ['', 'spikingrx.v1.LlrService']) {
    const answer = await new Promise<{ status: string }>((resolve, reject) => {
      client.check({ service: name }, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
    expect(answer.status).toBe('SERVING');
  }
  client.close();
});

test('reflection lists the services and hands out their definition', async () => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
    'build/proto',
  );
  const definition = loadSync('grpc/reflection/v1/reflection.proto', {
    includeDirs: [folder],
    keepCase: true,
  });
  const method = (definition['grpc.reflection.v1.ServerReflection'] as Record<string, unknown>)[
    'ServerReflectionInfo'
  ] as {
    path: string;
    requestSerialize: (value: object) => Buffer;
    responseDeserialize: (bytes: Buffer) => {
      list_services_response?: { service: { name: string }[] };
      file_descriptor_response?: { file_descriptor_proto: Buffer[] };
    };
  };
  const client = new Client(service.target, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    new Metadata(),
  );
  call.write({ list_services: '' });
  call.write({ file_containing_symbol: 'spikingrx.v1.LlrService' });
  call.end();
  const answers = [];
  for await (const answer of call) answers.push(answer);
  const names = answers[0].list_services_response.service.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['spikingrx.v1.LlrService', 'grpc.health.v1.Health']));
  const files: Buffer[] = answers[1].file_descriptor_response.file_descriptor_proto;
  expect(Buffer.concat(files).toString('latin1')).toContain('StreamLlr');
  client.close();
});

test('readiness, liveness and request ids', async () => {
  expect(await json('/healthz')).toEqual({ status: 'ok' });
  expect(await json('/readyz')).toEqual({ status: 'ready' });
  expect(await json('/startupz')).toEqual({ status: 'started' });
  const response = await fetch(`${service.url}/healthz`, { headers: { 'x-request-id': 'abc' } });
  expect(response.headers.get('x-request-id')).toBe('abc');
});
