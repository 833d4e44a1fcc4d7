import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasTool } from '../helpers/tools.js';
import { pem, TestAuthority } from './helpers/certificates.js';
import { grid, jsonGrid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

const run = promisify(execFile);
const BODY = Buffer.from(JSON.stringify({ grids: [jsonGrid(grid())] }));

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function send(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer,
): Promise<Answer> {
  const stream = session.request({ ':method': body ? 'POST' : 'GET', ...headers });
  const response = once(stream, 'response') as Promise<[{ ':status': number }]>;
  stream.end(body);
  return { status: (await response)[0][':status'], body: await text(stream) };
}

const llr = { ':path': '/v1/llr', 'content-type': 'application/json' };

describe('HTTP/2 in the clear', () => {
  let service: TestService;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    service = await startTestService({ http2: true, requestTimeoutMs: 1000 });
    session = connect(service.url);
  });
  const admitted = () => service.server.engine.stats.admittedBytes;
  afterAll(async () => {
    session.destroy();
    await service.close();
  });

  test('many requests at once on one connection, beside HTTP/1.1 on the same port', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => send(session, llr, BODY)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(await service.rest.compute([grid()])).toHaveLength(1);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  });

  test('compressed bodies, errors in the one form, and counts', async () => {
    const gzip = await send(session, { ...llr, 'content-encoding': 'gzip' }, gzipSync(BODY));
    expect(gzip.status).toBe(200);
    const bad = await send(session, llr, Buffer.from('{'));
    expect(bad.status).toBe(400);
    expect(JSON.parse(bad.body)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'body' } });
    expect((await send(session, { ':path': '/nowhere' })).status).toBe(404);
    const unheard = await send(session, { ':method': 'UNHEARD', ':path': '/v1/models' });
    expect(unheard.status).toBe(404);
    expect(JSON.parse(unheard.body)).toMatchObject({ error: { code: 'NOT_FOUND' } });
    const { body } = await send(session, { ':path': '/metrics' });
    expect(body).toMatch(/requests_total\{transport="rest",method="POST \/v1\/llr",code="OK"\} \d+/);
    expect(body).not.toContain('UNHEARD');
    expect(body).not.toMatch(/requests_total\{transport="rest",method="POST \/v1\/llr",code="CANCELLED"\}/);
  });

  test('a request that is taken back leaves no room taken, and is counted so', async () => {
    const stream = session.request({ ':method': 'POST', ...llr });
    stream.on('error', () => undefined);
    stream.write(Buffer.alloc(60_000, ' '));
    await vi.waitFor(() => expect(admitted()).toBeGreaterThan(0), 10_000);
    stream.close(8);
    await vi.waitFor(() => expect(admitted()).toBe(0), 10_000);
  });

  test('a body that does not come in time ends its request, not its connection', async () => {
    const stream = session.request({ ':method': 'POST', ...llr });
    stream.on('error', () => undefined);
    stream.write('{');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(8);
    expect(admitted()).toBe(0);
    expect((await send(session, { ':path': '/readyz' })).status).toBe(200);
  });

  test('an answer that is not read ends its request, and gives back its room', async () => {
    const deaf = connect(service.url, { settings: { initialWindowSize: 0 } });
    const stream = deaf.request({ ':method': 'POST', ...llr });
    stream.on('error', () => undefined);
    const closed = once(stream, 'close');
    stream.pause().end(BODY);
    await vi.waitFor(() => expect(admitted()).toBeGreaterThan(0), { timeout: 10_000 });
    await closed;
    expect(stream.rstCode).toBe(8);
    await vi.waitFor(() => expect(admitted()).toBe(0), { timeout: 10_000 });
    deaf.destroy();
  });

  test('connections that stop in their first bytes are closed in time', async () => {
    const closed = ['P', 'PRI * HTTP/2.0', ''].map(async (start) => {
      const socket = connectTcp(service.server.httpPort, '127.0.0.1', () => socket.write(start));
      await once(socket.resume(), 'close');
      return socket.destroyed;
    });
    expect(await Promise.all(closed)).toEqual([true, true, true]);
  });

  test('a first line in small pieces is HTTP/1.1 all the same', async () => {
    const socket = connectTcp(service.server.httpPort, '127.0.0.1');
    socket.setNoDelay(true);
    for (const piece of 'POST /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 /);
  });

  test.skipIf(!hasTool('curl'))('curl --http2-prior-knowledge', async () => {
    const format = ['-s', '-o', '/dev/null', '-w', '%{http_version} %{http_code}'];
    const post = [
      '-H',
      'content-type: application/json',
      '--data-binary',
      String(BODY),
      `${service.url}/v1/llr`,
    ];
    expect((await run('curl', [...format, '--http2-prior-knowledge', ...post])).stdout).toBe('2 200');
    expect((await run('curl', [...format, ...post])).stdout).toBe('1.1 200');
  });

  test('closing the service answers what is under way and ends the connection', async () => {
    const own = await startTestService({ http2: true });
    const other = connect(own.url);
    const [answer] = await Promise.all([send(other, llr, BODY), once(other, 'remoteSettings')]);
    expect(answer.status).toBe(200);
    const closed = once(other, 'close');
    await own.close();
    await closed;
    expect(other.destroyed).toBe(true);
  });
});

describe.skipIf(!hasTool('openssl') || !hasTool('curl'))('HTTP/2 with TLS', () => {
  test('is agreed on, and HTTP/1.1 is still spoken', async () => {
    const authority = new TestAuthority();
    const { cert, key } = authority.issue('server');
    const client = authority.issue('gnb');
    const files = { tlsCert: cert, tlsKey: key, tlsClientCa: authority.ca, tlsClientScopes: 'infer,metrics' };
    const service = await startTestService({ http2: true, ...files });
    const url = `https://127.0.0.1:${service.server.httpPort}/v1/models`;
    const trust = ['-s', '--cacert', authority.ca, '--cert', client.cert, '--key', client.key];
    const format = [...trust, '-o', '/dev/null', '-w', '%{http_version} %{http_code}'];
    expect((await run('curl', [...format, url])).stdout).toBe('2 200');
    expect((await run('curl', [...format, '--http1.1', url])).stdout).toBe('1.1 200');
    const credentials = { ca: pem(authority.ca), cert: pem(client.cert), key: pem(client.key) };
    const session = connect(new URL(url).origin, credentials);
    expect((await send(session, llr, BODY)).status).toBe(200);
    const live = session.request({ ':path': '/v1/live' });
    expect(String(await once(live, 'data'))).toMatch(/^event: service\ndata: \{.*\}\n\nevent: history\n/);
    const page = await run('curl', [...trust, '-I', `${new URL(url).origin}/`]);
    expect(page.stdout).toMatch(/^cross-origin-opener-policy: same-origin\r$/m);
    await service.close();
    session.destroy();
    authority.remove();
  });
});
