import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { newApiKey } from '#server/access/api-keys.js';
import { loadConfig } from '#server/config.js';
import { hasTool } from '../helpers/tools.js';
import { startTestService, type TestService } from './helpers/service.js';

const ORIGIN = 'https://lab.example';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

const preflight = async (url: string, origin: string) =>
  fetch(`${url}/v1/llr`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-api-key',
    },
  });

async function unload(running: TestService, headers: Record<string, string>): Promise<number> {
  const url = `http://127.0.0.1:${running.server.adminPort}/v2/repository/models/random/unload`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', ...headers },
  });
  await response.arrayBuffer();
  return response.status;
}

describe('headers', () => {
  test('the page of the API loads what is its own only, and is in nobody’s frame', async () => {
    const { headers } = await fetch(`${service.url}/docs/`);
    const policy = String(headers.get('content-security-policy'));
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      expect(policy).toContain(part);
    expect(policy).not.toContain('upgrade-insecure-requests');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
  });

  test('no answer is taken for another type than it has, errors included', async () => {
    for (const path of ['/healthz', '/v1/models', '/nowhere', '/%zz', '/metrics', '/docs/'])
      expect((await fetch(service.url + path)).headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('pages of others', () => {
  test('get nothing to read', async () => {
    const answer = await fetch(`${service.url}/v1/models`, { headers: { origin: ORIGIN } });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const asked = await preflight(service.url, ORIGIN);
    expect(asked.status).toBe(405);
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('may where corsOrigins has theirs: preflights need no credential, calls do', async () => {
    const open = await startTestService({
      corsOrigins: `https://other.example,${ORIGIN}`,
      maxRequestsPerSecond: 1000,
      adminPort: 0,
    });
    const asked = await preflight(open.url, ORIGIN);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(asked.headers.get('access-control-allow-headers')).toContain('x-api-key');
    const answer = await fetch(`${open.url}/v1/models`, { headers: { origin: ORIGIN } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    const stranger = await preflight(open.url, 'https://evil.example');
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    const admin = await preflight(`http://127.0.0.1:${open.server.adminPort}`, ORIGIN);
    expect(admin.headers.get('access-control-allow-origin')).toBeNull();
    await open.close();
  });

  test('make no admin call of what their reader may, without a key of their own', async () => {
    const { key, entry } = newApiKey({ id: 'ops', scopes: ['admin'] });
    const folder = await mkdtemp(join(tmpdir(), 'spikingrx-pages-'));
    const apiKeysFile = join(folder, 'keys.yaml');
    await writeFile(apiKeysFile, stringify({ keys: [entry] }));
    const settings = { adminPort: 0, modelControl: 'explicit' };
    const near = await startTestService(settings);
    expect(await unload(near, { origin: 'https://evil.example' })).toBe(403);
    expect(near.server.engine.models().filter(({ name }) => name === 'random')).toHaveLength(2);
    expect(await unload(near, {})).toBe(200);
    await near.close();
    const keyed = await startTestService({ ...settings, apiKeysFile });
    expect(await unload(keyed, { origin: ORIGIN })).toBe(401);
    expect(await unload(keyed, { origin: ORIGIN, 'x-api-key': key })).toBe(200);
    await keyed.close();
    await rm(folder, { recursive: true });
  });

  test.each(['lab.example', 'https://lab.example/', 'https://*.example', '*,https://a', ''])(
    'corsOrigins %o is refused',
    (corsOrigins) => {
      expect(() => loadConfig({ flags: { corsOrigins } })).toThrow(/--cors-origins/);
    },
  );
});

test.skipIf(!hasTool('chromium'))(
  'Chromium shows /docs without an error',
  async () => {
    const profile = await mkdtemp(join(tmpdir(), 'spikingrx-chromium-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
    const watch = ['--enable-logging=stderr', '--virtual-time-budget=20000', '--dump-dom'];
    const browser = spawn('chromium', [...flags, ...watch, `${service.url}/docs/`], { timeout: 60_000 });
    const closed = once(browser, 'close');
    const [page, log] = await Promise.all([text(browser.stdout), text(browser.stderr)]);
    await closed;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    expect(page).toContain('LLRs of received grids');
    expect(log.split('\n').filter((line) => /CONSOLE|Content Security Policy|Refused to/.test(line))).toEqual(
      [],
    );
  },
  90_000,
);
