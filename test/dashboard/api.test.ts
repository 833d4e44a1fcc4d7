import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { ApiError, getJson } from '#dashboard/api/client.js';
import { answerKey, askForKey, isAsking } from '#dashboard/api/key.js';
import { errorBody } from '#server/errors.js';

const heard: { headers: IncomingHttpHeaders; body: string }[] = [];

const FULL = new SpikingRxError('QUEUE_FULL', 'no room', { field: 'grids[0]' });
const SAYS: Readonly<Record<number, string>> = {
  200: '{"answer":42}',
  401: JSON.stringify(errorBody(new SpikingRxError('UNAUTHENTICATED', 'who are you'))),
  429: JSON.stringify(errorBody(FULL)),
  502: '<h1>Bad Gateway</h1>',
};

/** Says to `/status/n` what the service, or a proxy before it, says with it. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  heard.push({ headers: request.headers, body: await text(request) });
  const status = Number(request.url?.slice('/status/'.length));
  response.writeHead(status).end(SAYS[status]);
}

const server = createServer((request, response) => void answer(request, response));

let url = '';
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status/`;
});
afterAll(() => void server.close());

const failureOf = async (path: string) => getJson(path).catch((error: unknown) => error as ApiError);

describe('calls of the page', () => {
  it('send and take JSON', async () => {
    const asked = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"grids":[]}' };
    expect(await getJson(`${url}200`, asked)).toEqual({ answer: 42 });
    const { headers, body } = heard.at(-1)!;
    expect(headers).toMatchObject({ ...asked.headers, accept: 'application/json' });
    expect(headers.authorization).toBeUndefined();
    expect(body).toBe('{"grids":[]}');
  });

  it('fail with what the service says', async () => {
    const failure = await failureOf(`${url}429`);
    expect(failure).toBeInstanceOf(ApiError);
    expect(failure).toMatchObject({
      status: 429,
      code: 'QUEUE_FULL',
      message: 'no room',
      field: 'grids[0]',
    });
  });

  it('fail in words where it is not the service that speaks, or nobody', async () => {
    expect(await failureOf(`${url}502`)).toMatchObject({
      status: 502,
      code: 'HTTP 502',
      message: 'The service answered 502 Bad Gateway',
    });
    expect(await failureOf('http://127.0.0.1:1/')).toMatchObject({ status: 0, code: 'UNREACHABLE' });
  });

  it('ask for the key that the service wants, and fail where none is given', async () => {
    const failing = failureOf(`${url}401`);
    await new Promise<void>((resolve) => {
      const end = isAsking.subscribe((is) => is && resolve());
      void failing.then(end);
    });
    answerKey(undefined);
    expect(await failing).toMatchObject({ status: 401, message: 'who are you' });
    expect(isAsking.value).toBe(false);
  });

  it('ask once, however many of them want a key', async () => {
    const both = [askForKey(), askForKey()];
    answerKey(undefined);
    expect(await Promise.all(both)).toEqual([false, false]);
  });
});
