import { once } from 'node:events';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requestMessage } from '#client/wire.js';
import type { ComputeLlrResponseMessage } from '#wire/messages.js';
import { llrServiceDefinition as rpc } from '#wire/proto.js';
import { grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { Collector, type ReceivedSpan } from './helpers/collector.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${CALLER}-01`;
/** Times in answers have a microsecond; the clocks of spans have less than one. */
const TOLERANCE_MS = 0.002;

let collector: Collector;
function environment(more: Readonly<Record<string, string>> = {}): void {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.endpoint);
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  for (const [name, value] of Object.entries(more)) vi.stubEnv(name, value);
}

beforeAll(async () => {
  collector = await Collector.start();
});
beforeEach(() => void collector.spans.splice(0));
afterAll(async () => collector.stop());
afterEach(() => vi.unstubAllEnvs());

const length = ({ startMs, endMs }: ReceivedSpan): number => endMs - startMs;
const childrenOf = (parent: ReceivedSpan, name: string): readonly ReceivedSpan[] =>
  collector.named(name).filter(({ parentId }) => parentId === parent.spanId);

/** Waits for the span of a request, which ends last, and so for all of its children. */
async function rootOf(requestId: string | null): Promise<ReceivedSpan> {
  return vi.waitFor(() => {
    const root = collector.spans.find(({ attributes }) => attributes['spikingrx.request_id'] === requestId);
    if (!root) throw new Error(`no span of request ${requestId}`);
    return root;
  }, 5000);
}

const idOf = ({ headers }: Response): string | null => headers.get('x-request-id');

interface AnsweredTiming {
  readonly decodeMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  readonly batchSize: number;
}

/** The stages of each grid are spans below `root`, and took what the answer says. */
function expectStages(root: ReceivedSpan, timings: readonly AnsweredTiming[]): void {
  for (const [stage, key] of [
    ['decode', 'decodeMs'],
    ['queue', 'queueMs'],
    ['compute', 'computeMs'],
  ] as const) {
    const spans = childrenOf(root, stage);
    expect(spans).toHaveLength(timings.length);
    const lengths = spans.map(length).toSorted((a, b) => a - b);
    const told = timings.map((timing) => timing[key]).toSorted((a, b) => a - b);
    for (const [i, value] of lengths.entries()) expect(Math.abs(value - told[i]!)).toBeLessThan(TOLERANCE_MS);
  }
  for (const stage of ['admission', 'encode']) expect(childrenOf(root, stage)).toHaveLength(1);
  const stages = collector.spans.filter(({ parentId }) => parentId === root.spanId);
  for (const { startMs, endMs } of stages) {
    expect(startMs).toBeGreaterThanOrEqual(root.startMs - TOLERANCE_MS);
    expect(endMs).toBeLessThanOrEqual(root.endMs + TOLERANCE_MS);
  }
}

/** An input of the Open Inference Protocol: one grid of 2 resource blocks. */
function tensor(name: string, planes: number) {
  const data = Array.from({ length: planes * 14 * 24 }, (_, i) => Math.sin(i + 1));
  return { name, datatype: 'FP32', shape: [1, planes, 14, 24], data };
}

describe('a service with a collector', () => {
  let service: TestService;
  let bare: Client;
  beforeAll(async () => {
    environment({ OTEL_SERVICE_NAME: 'cell-7', OTEL_RESOURCE_ATTRIBUTES: 'site=north' });
    service = await startTestService({ workers: 1 });
    bare = new Client(service.target, credentials.createInsecure());
  });
  afterAll(async () => {
    bare.close();
    await service.close();
  });

  async function post(
    grids: readonly ReturnType<typeof jsonGrid>[],
    traceparent?: string,
  ): Promise<Response> {
    return fetch(`${service.url}/v1/llr`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(traceparent !== undefined && { traceparent, tracestate: 'vendor=value' }),
      },
      body: JSON.stringify({ grids }),
    });
  }

  test('REST: the caller’s trace goes on, with a span a stage that took what the answer says', async () => {
    const answer = await post([jsonGrid(grid({ id: 'a' })), jsonGrid(grid({ id: 'b', seed: 2 }))], SAMPLED);
    const root = await rootOf(idOf(answer));
    expect(root).toMatchObject({ traceId: TRACE, parentId: CALLER, kind: 2, isError: false });
    expect(answer.headers.get('traceparent')).toBe(`00-${TRACE}-${root.spanId}-01`);
    expect(answer.headers.get('tracestate')).toBe('vendor=value');
    expect(root.attributes).toMatchObject({
      'http.route': '/v1/llr',
      'spikingrx.transport': 'rest',
      'spikingrx.request_id': answer.headers.get('x-request-id'),
      'spikingrx.model': 'random',
      'spikingrx.model.version': '2',
      'spikingrx.code': 'OK',
    });
    const { results } = (await answer.json()) as { results: { timing: AnsweredTiming }[] };
    expectStages(
      root,
      results.map(({ timing }) => timing),
    );
    expect(childrenOf(root, 'decode')[0]?.attributes).toMatchObject({ 'spikingrx.prb': 2 });
  });

  test('a batch is a span with links to its grids, which link to it', async () => {
    const answer = await post([jsonGrid(grid({ id: 'a' })), jsonGrid(grid({ id: 'b', seed: 2 }))], SAMPLED);
    const root = await rootOf(idOf(answer));
    const [batch] = childrenOf(root, 'batch');
    expect(batch?.attributes).toMatchObject({ 'spikingrx.batch.size': 2, 'spikingrx.outcome': 'ok' });
    expect(batch?.links).toEqual([root.spanId, root.spanId]);
    const computes = childrenOf(root, 'compute');
    expect(computes.map(({ links }) => links)).toEqual([[batch?.spanId], [batch?.spanId]]);
    for (const compute of computes) expect(length(compute)).toBeLessThan(length(batch!));
  });

  test('gRPC: the same', async () => {
    const metadata = new Metadata();
    metadata.set('traceparent', SAMPLED);
    metadata.set('x-request-id', 'unary');
    let headers: Metadata | undefined;
    const { path, requestSerialize, responseDeserialize } = rpc.ComputeLlr;
    const answer = await new Promise<ComputeLlrResponseMessage>((resolve, reject) => {
      bare
        .makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          requestMessage([grid()], {}),
          metadata,
          (error, value) => (error ? reject(error) : resolve(value!)),
        )
        .on('metadata', (received: Metadata) => {
          headers = received;
        });
    });
    const root = await rootOf('unary');
    expect(root).toMatchObject({ traceId: TRACE, parentId: CALLER, kind: 2 });
    expect(root.attributes).toMatchObject({ 'rpc.system': 'grpc', 'spikingrx.transport': 'grpc' });
    expect(headers?.get('traceparent')).toEqual([`00-${TRACE}-${root.spanId}-01`]);
    expectStages(
      root,
      answer.results.map(({ timing }) => timing as AnsweredTiming),
    );
  });

  /** Sends two grids on a stream. @returns the stream's span. */
  async function stream(id: string, traceparent?: string): Promise<ReceivedSpan> {
    const { path, requestSerialize, responseDeserialize } = rpc.StreamLlr;
    const metadata = new Metadata();
    metadata.set('x-request-id', id);
    if (traceparent !== undefined) metadata.set('traceparent', traceparent);
    const serialize = requestSerialize as (value: object) => Buffer;
    const call = bare.makeBidiStreamRequest(path, serialize, responseDeserialize, metadata);
    const status = new Promise((resolve) => {
      call.on('status', resolve);
    });
    call.on('data', () => undefined);
    call.write(requestMessage([grid({ id: 'a' }), grid({ id: 'b' })], {}));
    call.end();
    await status;
    return rootOf(id);
  }

  test('a stream without a caller’s trace: each grid is a trace of its own, linked to the stream’s', async () => {
    const span = await stream('s-1');
    const grids = collector.named('grid').filter(({ links }) => links.includes(span.spanId));
    expect(grids).toHaveLength(2);
    for (const one of grids) {
      expect(one.parentId).toBe('');
      expect(one.traceId).not.toBe(span.traceId);
      for (const stage of ['admission', 'decode', 'queue', 'compute', 'encode'])
        expect(childrenOf(one, stage)).toHaveLength(1);
    }
  });

  test('grids whose client goes away end as cancelled', async () => {
    const { path, requestSerialize, responseDeserialize } = rpc.StreamLlr;
    const metadata = new Metadata();
    metadata.set('x-request-id', 's-3');
    metadata.set('traceparent', SAMPLED);
    const serialize = requestSerialize as (value: object) => Buffer;
    const call = bare.makeBidiStreamRequest(path, serialize, responseDeserialize, metadata);
    call.on('error', () => undefined);
    const grids = Array.from({ length: 12 }, (_, i) => grid({ id: `g${i}`, nSc: 3276 }));
    for (const one of grids) call.write(requestMessage([one], {}));
    await once(call, 'metadata');
    call.on('data', () => call.cancel());
    const span = await rootOf('s-3');
    expect(span.attributes).toMatchObject({ 'error.type': 'CANCELLED' });
    await vi.waitFor(() => {
      const codes = childrenOf(span, 'grid').map(({ attributes }) => attributes['spikingrx.code']);
      expect(codes).toContain('CANCELLED');
      expect(new Set(codes)).toEqual(new Set(['OK', 'CANCELLED']));
    }, 5000);
  });

  test('a stream with one: its grids belong to it', async () => {
    const span = await stream('s-2', SAMPLED);
    expect(span).toMatchObject({ traceId: TRACE, parentId: CALLER });
    expect(childrenOf(span, 'grid')).toMatchObject([{ traceId: TRACE }, { traceId: TRACE }]);
  });

  test('tensors: the same stages, over REST', async () => {
    const answer = await fetch(`${service.url}/v2/models/random/infer`, {
      method: 'POST',
      headers: { traceparent: SAMPLED },
      body: JSON.stringify({ inputs: [tensor('rx_grid', 4), tensor('dmrs', 2)] }),
    });
    expect(answer.status).toBe(200);
    const root = await rootOf(idOf(answer));
    expect(root).toMatchObject({ traceId: TRACE, name: 'POST /v2/models/:model/infer' });
    expect(root.attributes).toMatchObject({ 'spikingrx.model': 'random' });
    for (const stage of ['admission', 'decode', 'queue', 'compute', 'encode'])
      expect(childrenOf(root, stage)).toHaveLength(1);
  });

  test('failures have their code; the client’s own are no errors of the service', async () => {
    const answer = await post([{ ...jsonGrid(), id: 'x'.repeat(300) }]);
    const root = await rootOf(idOf(answer));
    expect(root.attributes).toMatchObject({ 'error.type': 'INVALID_ARGUMENT' });
    expect(root.isError).toBe(false);
  });

  test('a grid that was too late: in the queue’s span and in the request’s', async () => {
    await Promise.all(
      Array.from({ length: 24 }, async (_, i) =>
        fetch(`${service.url}/v1/llr`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ grids: [jsonGrid(grid({ nSc: 3276, id: `g${i}` }))], timeoutMs: 5 }),
        }),
      ),
    );
    const failed = await vi.waitFor(() => {
      const late = collector
        .named('POST /v1/llr')
        .filter(({ attributes }) => attributes['error.type'] === 'DEADLINE_EXCEEDED');
      expect(late.length).toBeGreaterThan(0);
      return late;
    }, 10_000);
    expect(failed.every(({ isError }) => isError)).toBe(true);
    const queues = failed.flatMap((root) => childrenOf(root, 'queue'));
    expect(queues.length).toBeGreaterThan(0);
    for (const { attributes } of queues)
      expect(attributes).toMatchObject({ 'error.type': 'DEADLINE_EXCEEDED' });
  });

  test('a caller that does not sample is not traced, and probes are not', async () => {
    const silent = await post([jsonGrid()], `00-${TRACE}-${CALLER}-00`);
    expect(silent.headers.get('traceparent')).toBeNull();
    const probe = await fetch(`${service.url}/healthz`);
    await rootOf(idOf(await post([jsonGrid()], SAMPLED)));
    const ids = collector.spans.map(({ attributes }) => attributes['spikingrx.request_id']);
    expect(ids).not.toContain(idOf(silent));
    expect(ids).not.toContain(idOf(probe));
  });

  test('malformed contexts begin a trace of their own', async () => {
    const answer = await post([jsonGrid()], '00-zz-1-01');
    expect(answer.status).toBe(200);
    expect((await rootOf(idOf(answer))).parentId).toBe('');
  });

  test('says where it is from, in protobuf, at the standard’s path', async () => {
    const answer = await post([jsonGrid()]);
    const { resource } = await rootOf(idOf(answer));
    expect(resource).toMatchObject({ 'service.name': 'cell-7', site: 'north' });
    expect(resource['service.version']).toMatch(/^\d+\.\d+\.\d+$/);
    expect(collector.requests.at(-1)).toBe('POST /v1/traces application/x-protobuf');
  });
});
