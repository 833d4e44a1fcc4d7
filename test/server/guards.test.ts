import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readdirSync } from 'node:fs';
import { Client, credentials, Metadata, status, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { pino } from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { newApiKey } from '#server/access/api-keys.js';
import { startTestService } from './helpers/service.js';

/** Whatever is not named here must ask who calls, and a route or method that is new does so of itself. */
const PROBES = [
  'GET /healthz',
  'GET /readyz',
  'GET /startupz',
  'GET /v2/health/live',
  'GET /v2/health/ready',
];
/** Not described, but there. */
const PAGES = ['GET /docs', 'GET /docs/', 'GET /docs/json', 'GET /docs/yaml', 'GET /docs/static/index.html'];
const OPEN_METHODS = ['.Health/Check', '.Health/Watch', '.Health/List', '/ServerLive', '/ServerReady'];

const PROTO = fileURLToPath(new URL('../../proto/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'spikingrx-guards-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Description {
  readonly paths: Record<string, Record<string, unknown>>;
}

/** Routes that a port describes, as `GET /v1/models/{name}`. */
async function routesOf(url: string, headers: Record<string, string> = {}): Promise<string[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as Description;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

async function statusOf(url: string, route: string, headers: Record<string, string> = {}): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(url + path.replaceAll(/\{\w+\}/g, 'random'), { method, headers });
  await response.arrayBuffer();
  return response.status;
}

/** Paths of every method in the definitions of the repository, and of the health service. */
function methods(): string[] {
  const files = readdirSync(PROTO, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.proto'),
  );
  const definitions = loadSync([...files, healthProto], { includeDirs: [PROTO] });
  return Object.values(definitions)
    .filter((definition) => !('format' in definition))
    .flatMap((service) => Object.values(service as ServiceDefinition).map(({ path }) => path));
}

async function grpcStatus(client: Client, path: string, metadata = new Metadata()): Promise<status> {
  const call = client.makeBidiStreamRequest(
    path,
    (value: Buffer) => value,
    (bytes) => bytes,
    metadata,
    { deadline: Date.now() + 10_000 },
  );
  const outcome = new Promise<status>((resolve) => {
    call.on('error', () => undefined);
    call.on('status', ({ code }) => resolve(code));
    // A watch goes on for ever: an answer is enough.
    call.on('data', () => resolve(status.OK));
  });
  call.write(Buffer.alloc(0));
  call.end();
  return outcome.finally(() => call.cancel());
}

describe('with authentication', () => {
  const { key, entry } = newApiKey({ id: 'gnb', scopes: ['infer'] });
  const apiKeysFile = join(directory, 'keys.yaml');
  const ops = newApiKey({ id: 'ops', scopes: ['admin'] });
  writeFileSync(apiKeysFile, stringify({ keys: [entry, ops.entry] }));

  test('every route but the probes asks for a credential, on both ports', async () => {
    const service = await startTestService({ apiKeysFile, adminPort: 0 });
    const urls = [service.url, `http://127.0.0.1:${service.server.adminPort}`];
    const known = { 'x-api-key': key };
    for (const url of urls) {
      const routes = await routesOf(url, known);
      expect(routes.length).toBeGreaterThan(PROBES.length);
      const open = [];
      for (const route of routes) if ((await statusOf(url, route)) !== 401) open.push(route);
      expect(open.toSorted()).toEqual(routes.filter((route) => PROBES.includes(route)).toSorted());
      // Fastify adds these of itself.
      for (const route of [...routes.filter((one) => one.startsWith('GET ')), ...PAGES])
        expect([route, await statusOf(url, route.replace('GET', 'HEAD'))]).toEqual([
          route,
          PROBES.includes(route) ? 200 : 401,
        ]);
    }
    await service.close();
  });

  test('every method but the probes does too; a key for inference makes no admin call', async () => {
    const service = await startTestService({ apiKeysFile });
    const client = new Client(service.target, credentials.createInsecure());
    const open = [];
    const all = methods();
    expect(all.length).toBeGreaterThan(10);
    for (const path of all) if ((await grpcStatus(client, path)) !== status.UNAUTHENTICATED) open.push(path);
    expect(open.filter((path) => !OPEN_METHODS.some((name) => path.endsWith(name)))).toEqual([]);
    client.close();

    const headers = { 'x-api-key': key };
    const denied = [];
    for (const route of await routesOf(service.url, headers))
      if ((await statusOf(service.url, route, headers)) === 403) denied.push(route);
    expect(denied).toEqual(expect.arrayContaining(ADMIN_ROUTES));
    for (const route of ['HEAD /admin/log-level', 'HEAD /metrics', 'GET /%6detrics'])
      expect(await statusOf(service.url, route, headers)).toBe(403);
    await service.close();
  });

  test('the log says who made an admin call', async () => {
    const lines: unknown[] = [];
    const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
    const service = await startTestService({ apiKeysFile }, { log });
    const client = new Client(service.target, credentials.createInsecure());
    expect(await statusOf(service.url, 'GET /admin/log-level', { 'x-api-key': ops.key })).toBe(200);
    const [path = ''] = ADMIN_METHODS;
    const metadata = new Metadata();
    metadata.set('x-api-key', ops.key);
    expect(await grpcStatus(client, path, metadata)).not.toBe(status.PERMISSION_DENIED);
    for (const method of ['GET /admin/log-level', path])
      expect(lines).toContainEqual(
        expect.objectContaining({ msg: 'admin call', principal: 'key:ops', method }),
      );
    client.close();
    await service.close();
  });
});

const ADMIN_ROUTES = [
  'GET /admin/log-level',
  'GET /v1/live/request',
  'POST /v2/repository/models/{model}/load',
  'POST /v2/repository/models/{model}/unload',
];
const ADMIN_METHODS = ['RepositoryModelLoad', 'RepositoryModelUnload'].map(
  (name) => `/inference.GRPCInferenceService/${name}`,
);

describe('without authentication', () => {
  test('admin calls are refused, with what to do; with adminPort they are there and nowhere else', async () => {
    const service = await startTestService();
    const client = new Client(service.target, credentials.createInsecure());
    for (const route of ADMIN_ROUTES) expect(await statusOf(service.url, route)).toBe(403);
    for (const path of ADMIN_METHODS) expect(await grpcStatus(client, path)).toBe(status.PERMISSION_DENIED);
    const refused = await fetch(`${service.url}/v2/repository/models/random/unload`, { method: 'POST' });
    // In the form of that protocol or of ours: the text says what to set.
    expect(await refused.text()).toContain('set adminPort');
    expect(service.server.engine.models().length).toBe(3);
    client.close();
    await service.close();

    const apart = await startTestService({ adminPort: 0 });
    const admin = `http://127.0.0.1:${apart.server.adminPort}`;
    const other = new Client(apart.target, credentials.createInsecure());
    for (const route of ADMIN_ROUTES) expect(await statusOf(apart.url, route)).toBe(404);
    for (const path of ADMIN_METHODS) expect(await grpcStatus(other, path)).toBe(status.PERMISSION_DENIED);
    expect(await statusOf(admin, 'GET /admin/log-level')).toBe(200);
    expect((await routesOf(admin)).filter((route) => ADMIN_ROUTES.includes(route))).toHaveLength(4);
    other.close();
    await apart.close();
  });
});
