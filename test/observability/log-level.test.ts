import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { GrpcLlrClient } from '#client/index.js';
import { newApiKey } from '#server/access/api-keys.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { grid } from '../server/helpers/grids.js';

interface Line {
  readonly level: number;
  readonly msg: string;
}

const admin = newApiKey({ id: 'ops', scopes: ['infer', 'admin'] });
const infer = newApiKey({ id: 'gnb', scopes: ['infer'] });
const directory = mkdtempSync(join(tmpdir(), 'spikingrx-level-'));
const apiKeysFile = join(directory, 'keys.yaml');
writeFileSync(apiKeysFile, stringify({ keys: [admin.entry, infer.entry] }));

const lines: Line[] = [];
let service: TestService;
beforeAll(async () => {
  const log = pino({ level: 'warn' }, { write: (text) => void lines.push(JSON.parse(text)) });
  service = await startTestService({ apiKeysFile, workers: 1, accessLogSample: 0 }, { log });
});
afterAll(async () => {
  await service.close();
  rmSync(directory, { recursive: true });
});

async function level(method: 'GET' | 'PUT', body?: object, key = admin.key) {
  const answer = await fetch(`${service.url}/admin/log-level`, {
    method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as object };
}

async function models(): Promise<void> {
  await (await fetch(`${service.url}/v1/models`, { headers: { 'x-api-key': infer.key } })).text();
}

const seen = (msg: string): readonly number[] =>
  lines.filter((line) => line.msg === msg).map((line) => line.level);

test('requests show once the level is debug, on both transports, also on streams that were open before', async () => {
  await models();
  expect(seen('request ended')).toEqual([]);
  const client = new GrpcLlrClient({ target: service.target, token: infer.key });
  const call = client.openStream();
  await once(call, 'metadata');
  expect(await level('PUT', { level: 'debug' })).toEqual({ status: 200, body: { level: 'debug' } });
  await client.compute([grid()]);
  await models();
  call.on('data', () => undefined);
  call.end();
  await once(call, 'status');
  client.close();
  await vi.waitFor(() => expect(seen('request ended').length).toBeGreaterThanOrEqual(4), 10_000);
  expect(seen('request ended').every((each) => each === 20)).toBe(true);
});

test('the change says who made it', () => {
  const line = lines.find(({ msg }) => msg === 'log level changed');
  expect(line).toMatchObject({ from: 'warn', to: 'debug', by: 'key:ops' });
});

test('tells the level, and goes back', async () => {
  expect((await level('GET')).body).toEqual({ level: 'debug' });
  await level('PUT', { level: 'silent' });
  const before = lines.length;
  await models();
  expect((await level('GET')).body).toEqual({ level: 'silent' });
  expect(lines).toHaveLength(before);
  await level('PUT', { level: 'info' });
});

test('refuses other levels, and callers that are no operators', async () => {
  expect(await level('PUT', { level: 'loud' })).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_ARGUMENT', field: 'level' } },
  });
  expect((await level('PUT', {})).status).toBe(400);
  expect((await level('PUT', { level: 'debug' }, infer.key)).status).toBe(403);
  expect((await level('GET', undefined, 'guess')).status).toBe(401);
  expect((await level('GET')).body).toEqual({ level: 'info' });
});
