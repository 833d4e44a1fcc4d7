import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status as grpcStatus, type ServiceError } from '@grpc/grpc-js';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { GrpcLlrClient, RestLlrClient } from '#client/index.js';
import type { SpikingRxError } from '#errors.js';
import { Access, type Entrance } from '#server/access/access.js';
import { newApiKey } from '#server/access/api-keys.js';
import { ANYBODY, requireScope } from '#server/access/principal.js';
import { FileFollower } from '#server/followed-files.js';
import { loadConfig } from '#server/config.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

const infer = newApiKey({ id: 'gnb', scopes: ['infer'] });
const metrics = newApiKey({ id: 'prometheus', scopes: ['metrics'] });
const late = newApiKey({ id: 'late', scopes: ['infer'] });

const directory = await mkdtemp(join(tmpdir(), 'spikingrx-keys-'));
const apiKeysFile = join(directory, 'keys.yaml');
const write = async (...entries: unknown[]) => writeFile(apiKeysFile, stringify({ keys: entries }));

let service: TestService;
beforeAll(async () => {
  await write(infer.entry, metrics.entry);
  service = await startTestService({ apiKeysFile, credentialsReloadMs: 100, maxAuthFailuresPerMinute: 0 });
});
afterAll(async () => {
  await service.close();
  await rm(directory, { recursive: true });
});

async function status(path: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`${service.url}${path}`, { headers });
  await response.arrayBuffer();
  return response.status;
}

const works = async (key: string) => (await status('/v1/models', { 'x-api-key': key })) === 200;

async function rest<T>(token: string | undefined, use: (client: RestLlrClient) => Promise<T>): Promise<T> {
  const client = new RestLlrClient({ baseUrl: service.url, ...(token !== undefined && { token }) });
  return use(client).finally(() => client.close());
}

async function grpc<T>(token: string | undefined, use: (client: GrpcLlrClient) => Promise<T>): Promise<T> {
  const client = new GrpcLlrClient({ target: service.target, ...(token !== undefined && { token }) });
  return use(client).finally(() => client.close());
}

async function streamed(client: GrpcLlrClient): Promise<number> {
  let answers = 0;
  for await (const answer of client.stream([grid()])) answers += answer.error ? 0 : 1;
  return answers;
}

/** Sends an empty JSON object. */
async function post(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(service.url + path, { method: 'POST', body: '{}', headers });
  const body: unknown = await response.json();
  return { status: response.status, body };
}

describe('with API keys', () => {
  test('a key opens both transports', async () => {
    expect(await rest(infer.key, async (client) => client.compute([grid()]))).toHaveLength(1);
    expect(await grpc(infer.key, async (client) => client.compute([grid()]))).toHaveLength(1);
    expect(await grpc(infer.key, streamed)).toBe(1);
    expect(await status('/v1/models', { 'x-api-key': infer.key })).toBe(200);
  });

  test.each([undefined, 'gnb.guess', `${infer.key}x`, infer.entry.sha256])(
    'without one (%s) nothing is served but probes',
    async (token) => {
      const refused = { code: 'UNAUTHENTICATED', field: 'authorization' };
      await expect(rest(token, async (client) => client.compute([grid()]))).rejects.toMatchObject(refused);
      await expect(rest(token, async (client) => client.models())).rejects.toMatchObject(refused);
      await expect(grpc(token, async (client) => client.compute([grid()]))).rejects.toMatchObject(refused);
      await expect(grpc(token, async (client) => client.models())).rejects.toMatchObject(refused);
      await expect(grpc(token, streamed)).rejects.toMatchObject(refused);
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      for (const path of [
        '/metrics',
        '/v1/live',
        '/openapi.json',
        '/docs/',
        '/docs/static/index.html',
        '/v1/models/random',
        '/v2',
        '/v2/models/random',
        '/v2/models/random/ready',
      ])
        expect(await status(path, headers)).toBe(401);
      const probes = ['/healthz', '/readyz', '/startupz', '/v2/health/live', '/v2/health/ready'];
      // Its page asks for a key itself: a browser sends none for a page.
      probes.push('/', '/dashboard.json');
      for (const path of probes) expect(await status(path, headers)).toBe(200);
    },
  );

  test('a body is not read before its sender is known', async () => {
    const init = { method: 'POST', body: Buffer.alloc(100_000), headers: { 'content-type': 'text/html' } };
    const response = await fetch(`${service.url}/v1/llr`, init);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="spikingrx"');
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
  });

  test('Open Inference Protocol: a text says why; changes to the repository are admin calls', async () => {
    const key = { 'x-api-key': infer.key };
    const text = { error: expect.any(String) as string };
    expect(await post('/v2/models/random/infer')).toEqual({ status: 401, body: text });
    expect(await post('/v2/models/random/infer', key)).toEqual({ status: 400, body: text });
    expect((await post('/v2/repository/index', key)).status).toBe(200);
    for (const action of ['load', 'unload'])
      expect(await post(`/v2/repository/models/random/${action}`, key)).toEqual({ status: 403, body: text });
  });

  test('scopes: a key for inference reads no metrics, and the other way round', async () => {
    expect(await status('/metrics', { 'x-api-key': metrics.key })).toBe(200);
    const response = await fetch(`${service.url}/metrics`, { headers: { 'x-api-key': infer.key } });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('insufficient_scope');
    expect(await response.json()).toMatchObject({
      error: { code: 'PERMISSION_DENIED', field: 'scope', expected: 'metrics', received: 'infer' },
    });
    const denied = { code: 'PERMISSION_DENIED', field: 'scope' };
    await expect(rest(metrics.key, async (client) => client.models())).rejects.toMatchObject(denied);
    await expect(grpc(metrics.key, async (client) => client.models())).rejects.toMatchObject(denied);
    await expect(grpc(metrics.key, streamed)).rejects.toMatchObject(denied);
  });

  test('a key in another form, or two keys, are refused', async () => {
    for (const authorization of [`Basic ${btoa('gnb:x')}`, infer.key, 'Bearer', 'Bearer a b'])
      expect(await status('/v1/models', { authorization })).toBe(401);
    const both = { authorization: `Bearer ${infer.key}`, 'x-api-key': infer.key };
    expect(await status('/v1/models', both)).toBe(401);
    expect(await status('/v1/models', { 'x-api-key': 'x'.repeat(9000) })).toBe(401);
  });

  test('the file is read again when it changes; a broken one leaves the keys as they were', async () => {
    const reloads = async (outcome: string) => {
      const text = await (
        await fetch(`${service.url}/metrics`, { headers: { 'x-api-key': metrics.key } })
      ).text();
      const name = `spikingrx_credential_reloads_total{what="api-keys",outcome="${outcome}"}`;
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.split(' ')[1] ?? 0,
      );
    };
    expect(await works(late.key)).toBe(false);
    await write(infer.entry, metrics.entry, late.entry);
    await vi.waitFor(async () => expect(await works(late.key)).toBe(true), { timeout: 10_000 });
    expect(await reloads('ok')).toBeGreaterThan(0);
    await writeFile(apiKeysFile, 'keys: [');
    await vi.waitFor(async () => expect(await reloads('failed')).toBe(1), { timeout: 10_000 });
    expect(await works(late.key)).toBe(true);
    await write(infer.entry, metrics.entry);
    await vi.waitFor(async () => expect(await works(late.key)).toBe(false), { timeout: 10_000 });
    expect(await works(infer.key)).toBe(true);
  });
});

describe('wrong keys', () => {
  test('too many of them from an address are refused unseen, on both transports', async () => {
    const guarded = await startTestService({ apiKeysFile, maxAuthFailuresPerMinute: 3 });
    const guess = async (key: string) =>
      fetch(`${guarded.url}/v1/models`, { headers: { 'x-api-key': key } }).then(async (response) => {
        await response.arrayBuffer();
        return response;
      });
    for (let i = 0; i < 3; i++) expect((await guess('gnb.guess')).status).toBe(401);
    const refused = await guess(infer.key);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const client = new GrpcLlrClient({ target: guarded.target, token: infer.key });
    await expect(client.models()).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: expect.any(Number),
    });
    client.close();
    await guarded.close();
  });
});

describe('with tokens', () => {
  test('both transports take them beside API keys; a stream ends with its token', async () => {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA');
    const jwtKeys = join(directory, 'jwks.json');
    await writeFile(jwtKeys, JSON.stringify({ keys: [await exportJWK(publicKey)] }));
    const tokens = { jwtKeys, jwtIssuer: 'me', jwtAudience: 'rx', jwtClockToleranceMs: 0 };
    const secured = await startTestService({ ...tokens, apiKeysFile });
    const token = async (seconds: number, audience = 'rx') =>
      new SignJWT({ scope: 'infer metrics' })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer('me')
        .setAudience(audience)
        .setSubject('alice')
        .setExpirationTime(new Date(Date.now() + seconds * 1000))
        .sign(privateKey);
    for (const [credential, outcome] of [
      [await token(60), 'OK'],
      [infer.key, 'OK'],
      [await token(60, 'other'), 'UNAUTHENTICATED'],
    ] as const) {
      const grpcClient = new GrpcLlrClient({ target: secured.target, token: credential });
      const restClient = new RestLlrClient({ baseUrl: secured.url, token: credential });
      const codes = [restClient.models(), grpcClient.models()].map(async (call) =>
        call.then(
          () => 'OK',
          (error: SpikingRxError) => error.code,
        ),
      );
      expect(await Promise.all(codes)).toEqual([outcome, outcome]);
      grpcClient.close();
      restClient.close();
    }
    const brief = new GrpcLlrClient({ target: secured.target, token: await token(2) });
    const call = brief.openStream();
    const authorization = `Bearer ${await token(3)}`;
    const live = await fetch(`${secured.url}/v1/live`, { headers: { authorization } });
    expect(live.status).toBe(200);
    const [error] = (await once(call.resume(), 'error')) as [ServiceError];
    expect(error).toMatchObject({
      code: grpcStatus.UNAUTHENTICATED,
      details: expect.stringMatching(/run out/),
    });
    // Ends, or this waits for ever.
    await live.text();
    brief.close();
    await secured.close();
  });

  test.each([
    [{ jwtIssuer: 'me', jwtAudience: 'rx' }, /--jwt-issuer: expected --jwt-keys beside it/],
    [{ jwtAlgorithms: 'EdDSA' }, /--jwt-algorithms: expected --jwt-keys beside it/],
    [{ tlsClientScopes: 'admin' }, /--tls-client-scopes: expected --tls-client-ca beside it/],
    [{ adminHost: '127.0.0.1' }, /--admin-host: expected --admin-port beside it/],
    [{ jwtKeys: 'x', jwtIssuer: 'me' }, /--jwt-keys: expected --jwt-audience beside it/],
    [{ jwtAlgorithms: 'HS256' }, /--jwt-algorithms: expected words as in RS256,ES256, received HS256/],
    [{ jwtAlgorithms: 'none' }, /--jwt-algorithms/],
    [{ jwtKeys: 'http://keys.example/jwks', jwtIssuer: 'me', jwtAudience: 'rx' }, /https/],
    [{ jwtKeys: 'https://u:secret@keys.example', jwtIssuer: 'me', jwtAudience: 'rx' }, /another URL/],
  ])('settings %o are refused', async (flags, message) => {
    expect(() => loadConfig({ flags })).toThrow(message);
  });
});

describe('admin calls', () => {
  const files = new FileFollower({
    log: pino({ level: 'silent' }),
    periodMs: 60_000,
    reloaded: () => undefined,
  });
  const admin = newApiKey({ id: 'ops', scopes: ['admin'] });
  afterAll(() => files.close());
  const admitted = async (flags: object, key: string | undefined, entrance: Entrance) => {
    await write(infer.entry, metrics.entry, admin.entry);
    const access = await Access.create(loadConfig({ flags: { ...flags } }), files);
    const caller = { address: '127.0.0.1', apiKey: key };
    return access.admit(caller, 'admin', entrance).then(
      ({ id }) => id,
      (error: SpikingRxError) => error.code,
    );
  };

  test.each([
    ['without authentication', {}, undefined, 'public', 'PERMISSION_DENIED'],
    ['the same, with adminPort', { adminPort: 0 }, undefined, 'public', 'PERMISSION_DENIED'],
    ['the same, on it', { adminPort: 0 }, undefined, 'admin', 'operator'],
    ['with a key for it', { apiKeysFile }, admin.key, 'public', 'key:ops'],
    ['with another key', { apiKeysFile }, infer.key, 'public', 'PERMISSION_DENIED'],
    [
      'with a key for it, beside adminPort',
      { apiKeysFile, adminPort: 0 },
      admin.key,
      'public',
      'PERMISSION_DENIED',
    ],
    ['with a key for it, on adminPort', { apiKeysFile, adminPort: 0 }, admin.key, 'admin', 'key:ops'],
    ['without a key, on adminPort', { apiKeysFile, adminPort: 0 }, undefined, 'admin', 'UNAUTHENTICATED'],
  ] as const)('%s', async (_when, flags, key, entrance, outcome) => {
    expect(await admitted(flags, key, entrance)).toBe(outcome);
  });

  test('a refusal says how to turn them on', () => {
    expect(() => requireScope(ANYBODY, 'admin')).toThrow(/set adminPort, or apiKeysFile/);
  });
});

/** Paths that a port describes. */
const described = async (url: string) =>
  Object.keys(((await (await fetch(`${url}/openapi.json`)).json()) as { paths: object }).paths);

describe('with adminPort', () => {
  test('metrics are there and nowhere else, grids are not; probes and the description are on both', async () => {
    const apart = await startTestService({ adminPort: 0 });
    const urls = { public: apart.url, admin: `http://127.0.0.1:${apart.server.adminPort}` };
    const answers = async (path: string) =>
      Promise.all(Object.values(urls).map(async (url) => (await fetch(url + path)).status));
    expect(await answers('/metrics')).toEqual([404, 200]);
    expect(await answers('/v1/models')).toEqual([200, 404]);
    expect(await answers('/readyz')).toEqual([200, 200]);
    expect(await described(urls.public)).not.toContain('/metrics');
    expect(await described(urls.admin)).toContain('/metrics');
    await apart.close();
    await expect(fetch(`${urls.admin}/readyz`)).rejects.toThrow(/fetch failed/);
  });

  test('it listens on this machine only, unless told otherwise; ports must differ', () => {
    expect(loadConfig({ flags: { adminPort: 9000 } }).adminHost).toBe('127.0.0.1');
    expect(() => loadConfig({ flags: { adminPort: 8001 } })).toThrow(
      /--admin-port: expected another port than --grpc-port/,
    );
  });
});

test('openDocs shows the description of the API to everybody, and how to authenticate', async () => {
  const open = await startTestService({ apiKeysFile, openDocs: true });
  const response = await fetch(`${open.url}/openapi.json`);
  expect(await response.json()).toMatchObject({
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  });
  expect((await fetch(`${open.url}/docs/`)).status).toBe(200);
  expect((await fetch(`${open.url}/v1/models`)).status).toBe(401);
  await open.close();
});

test('a file of keys that is not there or is no such file stops the start', async () => {
  for (const path of [join(directory, 'none.yaml'), import.meta.filename])
    await expect(startTestService({ apiKeysFile: path })).rejects.toThrow(/none\.yaml|apiKeysFile/);
});
