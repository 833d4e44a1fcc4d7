import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ requestTimeoutMs: 1500 });
});
afterAll(async () => service.close());

/** The whole answer to bytes sent over a bare socket, once the server has closed it. */
async function rawAnswer(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.server.httpPort, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

function errorOf(answer: string) {
  const [head, body] = answer.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head ?? '')?.[1]);
  return { status, ...(JSON.parse(body ?? '') as { error: Record<string, string> }) };
}

async function json(path: string, init?: RequestInit) {
  const response = await fetch(`${service.url}${path}`, init);
  const { error } = (await response.json()) as { error: Record<string, string> };
  return { status: response.status, error, allow: response.headers.get('allow') };
}

test('malformed and overlong paths', async () => {
  expect(await json('/v1/models/%zz')).toMatchObject({
    status: 400,
    error: { code: 'INVALID_ARGUMENT', field: 'url', expected: expect.any(String) },
  });
  expect(await json(`/v1/models/${'x'.repeat(300)}`)).toMatchObject({ status: 414, error: { field: 'url' } });
});

test('overlong headers, and what is no HTTP', async () => {
  const overlong = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`;
  expect(errorOf(await rawAnswer(overlong))).toMatchObject({ status: 431, error: { field: 'headers' } });
  expect(errorOf(await rawAnswer('hello\r\n\r\n'))).toMatchObject({
    status: 400,
    error: { code: 'INVALID_ARGUMENT', field: 'request' },
  });
});

test.each([
  ['headers', 'POST /v1/llr HTTP/1.1\r\nHost: x\r\n'],
  [
    'a body',
    'POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  ],
])('%s that do not come in time: 408 soon after the limit', async (_name, text) => {
  const start = performance.now();
  const answer = errorOf(await rawAnswer(text));
  expect(performance.now() - start).toBeLessThan(5000);
  expect(answer).toMatchObject({ status: 408, error: { code: 'DEADLINE_EXCEEDED', field: 'request' } });
});

test('a wrong method is told apart from a wrong path', async () => {
  expect(await json('/v1/llr')).toMatchObject({ status: 405, allow: 'POST', error: { field: 'method' } });
  const model = await json('/v1/models/random', { method: 'DELETE' });
  expect(model).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  expect(await json('/v1/nothing')).toMatchObject({ status: 404, allow: null, error: { code: 'NOT_FOUND' } });
});
