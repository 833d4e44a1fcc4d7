import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveCommand } from '#cli/serve.js';
import { loadConfig } from '#server/config.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ adminPort: 0 });
});
afterAll(async () => service.close());

const adminUrl = (): string => `http://127.0.0.1:${service.server.adminPort}`;

/** Files that the page names. */
function assetsOf(html: string): readonly string[] {
  return [...html.matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g)].map((match) => String(match[1]));
}

describe('the page', () => {
  test('is served with all that it names, on both ports', async () => {
    for (const url of [service.url, adminUrl()]) {
      const answer = await fetch(`${url}/`);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.headers.get('cache-control')).toBe('public, max-age=0');
      const assets = assetsOf(await answer.text());
      expect(assets.length).toBeGreaterThan(0);
      for (const asset of assets) {
        const { status, headers } = await fetch(url + asset);
        expect([asset, status]).toEqual([asset, 200]);
        expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
        expect(headers.get('x-content-type-options')).toBe('nosniff');
      }
    }
  });

  test('learns what is on its port', async () => {
    for (const [url, expected] of [
      [service.url, { liveData: false, grids: true }],
      [adminUrl(), { liveData: true, grids: false }],
    ] as const)
      expect(await (await fetch(`${url}/dashboard.json`)).json()).toEqual(expected);
  });

  test('may load nothing from elsewhere and run nothing but its files, and is in nobody’s frame', async () => {
    const { headers } = await fetch(`${service.url}/`);
    // Without TLS a browser would not heed it, and complain on the console of every page.
    expect(headers.get('cross-origin-opener-policy')).toBeNull();
    const policy = String(headers.get('content-security-policy')).split(';');
    expect(policy).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
  });

  test('is not sent again to those who have it', async () => {
    const first = await fetch(`${service.url}/`);
    await first.arrayBuffer();
    const headers = { 'if-none-match': String(first.headers.get('etag')), 'cache-control': 'max-age=0' };
    expect((await fetch(`${service.url}/`, { headers })).status).toBe(304);
  });

  test('has nothing beside it, and refuses in the form of every error', async () => {
    for (const [path, status, code] of [
      ['/assets/none.js', 404, 'NOT_FOUND'],
      ['/assets/..%2findex.html', 400, 'INVALID_ARGUMENT'],
      ['/assets/..%2f..%2fserver%2fserver.js', 400, 'INVALID_ARGUMENT'],
    ]) {
      const answer = await fetch(`${service.url}${path}`);
      expect([answer.status, await answer.json()]).toMatchObject([status, { error: { code } }]);
    }
  });
});

describe('without the dashboard', () => {
  test('there is no page, and nobody is told how the service is doing', async () => {
    const plain = await startTestService({ dashboard: false });
    for (const path of ['/', '/v1/live', '/v1/live/request'])
      expect([path, (await fetch(plain.url + path)).status]).toEqual([path, 404]);
    await plain.close();
  });

  test('is a flag of its own: --no-dashboard, as --dashboard false', () => {
    for (const args of [['--no-dashboard'], ['--dashboard', 'false']]) {
      const command = serveCommand();
      command.parseOptions(args);
      expect(loadConfig({ flags: command.opts() }).dashboard).toBe(false);
    }
    expect(loadConfig({ flags: serveCommand().opts() }).dashboard).toBe(true);
  });
});
