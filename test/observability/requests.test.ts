import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestMessage } from '#client/wire.js';
import { llrServiceDefinition as rpc } from '#wire/proto.js';
import { grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

type Line = Record<string, unknown>;

let service: TestService;
let bare: Client;
const lines: Line[] = [];
beforeAll(async () => {
  const log = pino({ level: 'info' }, { write: (text) => void lines.push(JSON.parse(text)) });
  service = await startTestService({ accessLogSample: 1, workers: 1 }, { log });
  bare = new Client(service.target, credentials.createInsecure());
});
beforeEach(() => void lines.splice(0));
afterAll(async () => {
  bare.close();
  await service.close();
});

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const requestLines = (): readonly Line[] => lines.filter(({ msg }) => String(msg).startsWith('request '));

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${service.url}/v1/llr`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

interface UnaryOutcome {
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata;
  readonly error: ServiceError | null;
}

/** A unary call with metadata, and all the metadata that come back. */
async function compute(metadata: Metadata, model?: string): Promise<UnaryOutcome> {
  const request = { ...requestMessage([grid()], {}), ...(model !== undefined && { model }) };
  const { path, requestSerialize, responseDeserialize } = rpc.ComputeLlr;
  return new Promise((resolve) => {
    let headers: Metadata | undefined;
    let error: ServiceError | null = null;
    const call = bare.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      (failure) => {
        error = failure;
      },
    );
    call.on('metadata', (received: Metadata) => {
      headers = received;
    });
    call.on('status', ({ metadata: trailers }: { metadata: Metadata }) =>
      setImmediate(() => resolve({ headers, trailers, error })),
    );
  });
}

function withId(id?: string): Metadata {
  const metadata = new Metadata();
  if (id !== undefined) metadata.set('x-request-id', id);
  return metadata;
}

describe('request ids', () => {
  test.each([
    ['its own', 'slot-17/antenna:2', 'slot-17/antenna:2'],
    ['none', undefined, undefined],
    ['one that is too long', 'x'.repeat(129), undefined],
    ['one with a space in it', 'a b', undefined],
  ])('a REST client that sends %s gets it, or a new one, back', async (_what, sent, expected) => {
    const answer = await post({ grids: [jsonGrid()] }, sent === undefined ? {} : { 'x-request-id': sent });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(expected === undefined ? UUID : expected);
  });

  test('gRPC: in the initial metadata of an answer, in the trailers of an error', async () => {
    const good = await compute(withId('g-1'));
    expect(good.error).toBeNull();
    expect(good.headers?.get('x-request-id')).toEqual(['g-1']);
    const bad = await compute(withId('g-2'), 'nobody');
    expect(bad.error?.code).toBe(5);
    expect(bad.trailers.get('x-request-id')).toEqual(['g-2']);
    const fresh = await compute(withId('x'.repeat(200)));
    expect(fresh.headers?.get('x-request-id')[0]).toMatch(UUID);
  });

  test('gRPC: an error has no headers of its own, so that clients may try again', async () => {
    expect((await compute(withId(), 'nobody')).headers?.get('x-request-id') ?? []).toEqual([]);
  });

  test('a stream tells at once', async () => {
    const { path, requestSerialize, responseDeserialize } = rpc.StreamLlr;
    const call = bare.makeBidiStreamRequest(
      path,
      requestSerialize as (value: object) => Buffer,
      responseDeserialize,
      withId('s-1'),
    );
    const metadata = await new Promise<Metadata>((resolve) => {
      call.on('metadata', resolve);
    });
    expect(metadata.get('x-request-id')).toEqual(['s-1']);
    call.on('data', () => undefined);
    const status = new Promise((resolve) => {
      call.on('status', resolve);
    });
    call.end();
    await status;
  });

  test('an error of no route has one, too', async () => {
    const answer = await fetch(`${service.url}/%zz`, { headers: { 'x-request-id': 'r-9' } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-request-id')).toBe('r-9');
  });
});

describe('the access log', () => {
  test('has a line for a REST request, with what it was and nothing of what it held', async () => {
    await post({ grids: [jsonGrid(grid({ id: 'secret' }))] }, { 'x-request-id': 'r-1' });
    await vi.waitFor(() => expect(requestLines()).toHaveLength(1), 10_000);
    const [line] = requestLines();
    expect(line).toMatchObject({
      level: 30,
      msg: 'request ended',
      requestId: 'r-1',
      transport: 'rest',
      method: 'POST /v1/llr',
      code: 'OK',
      grids: 1,
    });
    expect(line?.['durationMs']).toBeGreaterThan(0);
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  test('has a line for a failed call', async () => {
    await compute(withId('g-3'), 'nobody');
    await vi.waitFor(() => expect(requestLines()).toHaveLength(1), 10_000);
    expect(requestLines()).toMatchObject([
      { requestId: 'g-3', transport: 'grpc', method: 'ComputeLlr', code: 'NOT_FOUND', msg: 'request failed' },
    ]);
  });

  test('has one line for a stream, with its grids', async () => {
    for await (const answer of service.grpc.stream([grid({ id: 'a' }), grid({ id: 'b' }), grid({ nRx: 1 })]))
      expect(answer).toBeDefined();
    await vi.waitFor(() => expect(requestLines()).toHaveLength(1), 10_000);
    expect(requestLines()).toMatchObject([{ method: 'StreamLlr', code: 'OK', grids: 2, failedGrids: 1 }]);
  });

  test('leaves probes and scrapes out', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) await fetch(`${service.url}${path}`);
    await post({ grids: [] }, { 'x-request-id': 'last' });
    await vi.waitFor(() => expect(requestLines()).toHaveLength(1), 10_000);
    expect(requestLines()).toMatchObject([{ requestId: 'last', code: 'INVALID_ARGUMENT' }]);
  });
});

const inFlight = async (transport: string): Promise<number> => {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`spikingrx_requests_in_flight{transport="${transport}"} (\\d+)`).exec(text)?.[1]);
};

describe('requests in flight', () => {
  test('count open streams, and the scrape itself', async () => {
    await vi.waitFor(async () => expect(await inFlight('grpc')).toBe(0), 10_000);
    const call = service.grpc.openStream();
    call.on('data', () => undefined);
    await vi.waitFor(async () => expect(await inFlight('grpc')).toBe(1), 10_000);
    const status = new Promise((resolve) => {
      call.on('status', resolve);
    });
    call.end();
    await status;
    await vi.waitFor(async () => expect(await inFlight('grpc')).toBe(0), 10_000);
    await vi.waitFor(async () => expect(await inFlight('rest')).toBe(1), 10_000);
  });
});
