import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientGrid, ComputeOptions, GridLlr, StreamAnswer } from '#client/index.js';
import { requestMessage } from '#client/wire.js';
import { llrServiceDefinition } from '#wire/proto.js';
import { grid, jsonGrid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;

/** One service for the tests of a group. */
function serve(settings: Readonly<Record<string, unknown>>): void {
  beforeAll(async () => {
    service = await startTestService(settings);
  });
  afterAll(async () => service.close());
}

type Way = (one: ClientGrid, options?: ComputeOptions) => Promise<GridLlr>;
const WAYS: readonly (readonly [string, Way])[] = [
  ['JSON', async (one, options) => (await service.rest.computeJson([one], options))[0]!],
  ['octet-stream', async (one, options) => (await service.rest.compute([one], options))[0]!],
  ['unary gRPC', async (one, options) => (await service.grpc.compute([one], options))[0]!],
  [
    'a stream',
    async (one, options = {}) => {
      for await (const answer of service.grpc.stream([one], options)) {
        if (answer.error) throw answer.error;
        return answer;
      }
      throw new Error('no answer');
    },
  ],
];

const wide = (id: string): ClientGrid => grid({ id, nSc: 12 * 30 });

/** A stream that always has `window` grids in flight, of which it keeps count. */
class Flood {
  answered = 0;
  #extra: { grid: ClientGrid; sentAt: number; answered: (passed: number) => void } | undefined;
  #over = false;
  readonly #done: Promise<void>;

  constructor(window: number, options: ComputeOptions = {}) {
    this.#done = this.#run(service.grpc.stream(this.#grids(), { ...options, window }));
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#done;
  }

  /** How many of the flood are answered from when `one` is sent among them until it is answered. */
  async passedBy(one: ClientGrid): Promise<number> {
    return new Promise((resolve) => {
      this.#extra = { grid: one, sentAt: 0, answered: (at) => resolve(at) };
    });
  }

  *#grids(): Generator<ClientGrid> {
    for (let i = 0; !this.#over; i++) {
      yield wide(`flood ${i}`);
      if (!this.#extra || this.#extra.sentAt > 0) continue;
      this.#extra.sentAt = this.answered;
      yield this.#extra.grid;
    }
  }

  async #run(answers: AsyncIterable<StreamAnswer>): Promise<void> {
    for await (const { id, error } of answers) {
      if (error) throw error;
      this.answered++;
      if (id !== this.#extra?.grid.id) continue;
      this.#extra.answered(this.answered - this.#extra.sentAt);
      this.#extra = undefined;
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 10_000, interval: 2 }).toBe(true);
}

async function batches(): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(/^spikingrx_batch_size_grids_count (\d+)$/m.exec(text)?.[1]);
}

describe('deadlines', () => {
  serve({ workers: 1, slotBudgetUs: 4_000_000 });

  test.each(WAYS)('reach the queue and come back as slack: %s', async (_, compute) => {
    const plain = await compute(grid());
    expect(plain.timing.slackUs).toBeUndefined();
    const slotTiming = { frame: 1023, slot: 19, numerology: 1 };
    for (const [own, most] of [
      [{ deadlineUs: 5_000_000 }, 5e6],
      [{ slotTiming }, 4e6],
      [{ slotTiming, deadlineUs: 3_000_000 }, 3e6],
    ] as const) {
      const { timing, llr } = await compute({ ...grid(), ...own });
      expect(timing.slackUs).toBeLessThan(most);
      expect(timing.slackUs).toBeGreaterThan(0);
      expect(Buffer.from(llr.data).equals(Buffer.from(plain.llr.data))).toBe(true);
    }
  });

  test.each(WAYS)('that have passed are never computed: %s', async (_, compute) => {
    const flood = new Flood(24);
    await until(() => flood.answered > 0);
    await expect(compute({ ...grid({ nSc: 48 }), deadlineUs: 1 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('queue') as string,
    });
    await flood.stop();
    const before = await batches();
    await expect(compute({ ...grid(), deadlineUs: 1 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await batches()).toBe(before);
  });

  test.each(WAYS)('are refused by the name of their field: %s', async (_, compute) => {
    for (const [own, field] of [
      [{ deadlineUs: 0 }, /deadlineUs$/],
      [{ slotTiming: { frame: 1024, slot: 0, numerology: 0 } }, /slotTiming\.frame$/],
      [{ slotTiming: { frame: 0, slot: 10, numerology: 0 } }, /slotTiming\.slot$/],
      [{ slotTiming: { frame: 0, slot: 0, numerology: 7 } }, /slotTiming\.numerology$/],
    ] as const)
      await expect(compute({ ...grid(), ...own })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: expect.stringMatching(field) as string,
      });
  });
});

describe('priorities', () => {
  serve({});

  test.each(WAYS)('are taken: %s', async (_, compute) => {
    for (const priority of ['normal', 'high'] as const)
      expect((await compute(grid(), { priority })).id).toBe('g1');
  });

  test('that do not exist are refused', async () => {
    const body = JSON.stringify({ grids: [jsonGrid()], priority: 'urgent' });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${service.url}/v1/llr`, { method: 'POST', headers, body });
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'priority' } });
    const error = await unary({ ...requestMessage([grid()], {}), priority: 3 });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.metadata.get('spikingrx-field')).toEqual(['priority']);
  });
});

async function unary(message: object): Promise<ServiceError | null> {
  const client = new Client(service.target, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = llrServiceDefinition.ComputeLlr;
  const serialize = requestSerialize as (value: object) => Buffer;
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest(path, serialize, responseDeserialize, message, resolve);
  });
  client.close();
  return error;
}

/** How many grids of the flood are answered between a request and its answer. */
async function overtaken(flood: Flood, compute: () => Promise<unknown>): Promise<number> {
  const before = flood.answered;
  await compute();
  return flood.answered - before;
}

describe('a greedy stream', () => {
  const BATCH = 4;
  const WINDOW = 120;
  /** The one that runs, the one prepared behind it, that of the grid itself, and what is on its way to the client. */
  const FEW_BATCHES = 8;
  serve({ workers: 1, maxBatchGrids: BATCH, maxQueuedGrids: 108 });

  test.each<[string, ComputeOptions]>([
    ['polite clients', {}],
    ['normal grids, though it has a high priority', { priority: 'high' }],
  ])('does not delay %s by more than a few batches', async (_, options) => {
    const flood = new Flood(WINDOW, options);
    await until(() => flood.answered > 2 * BATCH);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++)
      for (const [, compute] of WAYS.slice(0, 3))
        counts.push(await overtaken(flood, async () => compute(grid({ nSc: 24 }))));
    await flood.stop();
    expect(Math.max(...counts)).toBeLessThanOrEqual(FEW_BATCHES * BATCH);
  });

  test('is overtaken by its own urgent grids', async () => {
    // As many as the queue takes of one client: behind more the stream would not be read.
    const flood = new Flood(80);
    await until(() => flood.answered > 2 * BATCH);
    const passed: number[] = [];
    for (let i = 0; i < 5; i++)
      passed.push(await flood.passedBy({ ...grid({ id: `urgent ${i}` }), deadlineUs: 20_000_000 }));
    await flood.stop();
    expect(Math.max(...passed)).toBeLessThanOrEqual(FEW_BATCHES * BATCH);
  });

  test('does not keep others from being admitted', async () => {
    const flood = new Flood(WINDOW);
    // 8/9 of the queue.
    await until(() => service.server.engine.stats.admittedGrids >= 96);
    for (const [, compute] of WAYS) for (let i = 0; i < 4; i++) expect(await compute(grid())).toBeDefined();
    await flood.stop();
  });
});

describe('cancelling', () => {
  serve({ workers: 1, maxBatchGrids: 2 });

  test('a call that is cancelled gives its room back and is not computed', async () => {
    const many = Array.from({ length: 12 }, (_, i) => grid({ id: `many ${i}`, nSc: 12 * 100 }));
    const waysIn = [
      async (signal: AbortSignal) => service.rest.compute(many, { signal }),
      async (signal: AbortSignal) => service.rest.computeJson(many, { signal }),
      async (signal: AbortSignal) => service.grpc.compute(many, { signal }),
    ];
    const before = await batches();
    for (const send of waysIn) {
      const abort = new AbortController();
      const pending = send(abort.signal);
      await until(() => service.server.engine.stats.admittedGrids > 0);
      abort.abort();
      await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
      await until(() => service.server.engine.stats.admittedBytes === 0);
    }
    expect(service.server.engine.stats).toMatchObject({ waitingGrids: 0, unansweredGrids: 0 });
    // What ran when the call was cancelled, and the one prepared behind it, are computed to their end.
    expect((await batches()) - before).toBeLessThan((waysIn.length * many.length) / 2);
  });
});
