import { createHash } from 'node:crypto';
import { type ClientGrid, GrpcLlrClient, type GridLlr, RestLlrClient, interleave } from '#client/index.js';
import { createSession } from '#engine/session.js';
import { simulateSlot } from '#phy/slot.js';
import { Random } from '#phy/random.js';

/** Grids of two shapes, so that batches of both are under way when models change. */
const SLOTS = [1, 2, 1, 1].map((nPrb, seed) =>
  simulateSlot(
    {
      modulation: 'QPSK',
      nRx: 2,
      nPrb,
      snrDb: 5,
      channel: 'rayleigh',
      dmrs: { configType: 1, symbolPositions: [2], nId: 1, nScid: 0, slot: 0, cdmGroupsWithoutData: 1 },
    },
    Random.fromSeed(seed),
  ),
);

const OUTPUT = { datatype: 'f32', layout: 'grid' } as const;

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function clientGrid(index: number, id: string): ClientGrid {
  const { shape, rxGrid, dmrs } = SLOTS[index % SLOTS.length]!;
  const { nRx, nSym, nSc } = shape;
  return {
    id,
    rx: { datatype: 'cf32_le', shape: [nRx, nSym, nSc], data: interleave(rxGrid, nSym * nSc) },
    dmrs: { datatype: 'cf32_le', shape: [nSym, nSc], data: interleave(dmrs, nSym * nSc) },
  };
}

/** What a model file must answer for each of the grids, from a session of its own. */
async function referencesOf(model: Uint8Array): Promise<readonly Buffer[]> {
  const session = await createSession(model);
  const references: Buffer[] = [];
  for (const { shape, rxGrid, dmrs } of SLOTS) {
    const { nRx, nSym, nSc } = shape;
    const { llr } = await session.run({
      rx_grid: { type: 'float32', data: rxGrid, dims: [1, 2 * nRx, nSym, nSc] },
      dmrs: { type: 'float32', data: dmrs, dims: [1, 2, nSym, nSc] },
    });
    if (llr?.type !== 'float32') throw new Error('the reference has no LLRs');
    references.push(Buffer.from(llr.data.slice().buffer));
  }
  await session.release();
  return references;
}

/** One request: which models may answer it, and how it ended. */
export interface Outcome {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly sha256: string | undefined;
  readonly error: unknown;
}

/**
 * Clients of every kind that ask without pause for `model`, each checking every answer bit by bit against what the
 * file that it names must give.
 */
export class ModelTraffic {
  readonly outcomes: Outcome[] = [];
  /** Answers whose LLRs are not those of the file that they name, or whose grid is another. */
  readonly wrong: string[] = [];
  private readonly references = new Map<string, readonly Buffer[]>();
  private stopping = false;
  private sent = 0;
  private readonly rest: RestLlrClient;
  private readonly grpc: GrpcLlrClient;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    service: { readonly url: string; readonly target: string },
    private readonly model: string,
  ) {
    this.rest = new RestLlrClient({ baseUrl: service.url });
    this.grpc = new GrpcLlrClient({ target: service.target });
  }

  /** To be told of every file before it may answer. */
  async knows(model: Uint8Array): Promise<string> {
    const sha256 = sha256Of(model);
    if (!this.references.has(sha256)) this.references.set(sha256, await referencesOf(model));
    return sha256;
  }

  start(): void {
    const options = { model: this.model, output: OUTPUT };
    this.running = Promise.all([
      this.loop(async (grids) => this.rest.compute(grids, options)),
      this.loop(async (grids) => this.rest.computeJson(grids, options)),
      this.loop(async (grids) => this.grpc.compute(grids, options)),
      this.stream(),
    ]);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    this.grpc.close();
  }

  get errors(): readonly unknown[] {
    return this.outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]));
  }

  /** How often each file answered. */
  answers(sha256: string): number {
    return this.outcomes.filter((outcome) => outcome.sha256 === sha256).length;
  }

  get requests(): number {
    return this.sent;
  }

  private next(
    count: number,
  ): { readonly index: number; readonly grid: ClientGrid; readonly startedAt: number }[] {
    return Array.from({ length: count }, () => {
      const index = this.sent++;
      return { index, grid: clientGrid(index, `g${index}`), startedAt: performance.now() };
    });
  }

  private async loop(send: (grids: readonly ClientGrid[]) => Promise<readonly GridLlr[]>): Promise<void> {
    while (!this.stopping) {
      const grids = this.next(2);
      try {
        const answers = await send(grids.map(({ grid }) => grid));
        for (const [i, { index, startedAt }] of grids.entries()) this.check(index, startedAt, answers[i]);
      } catch (error) {
        for (const { startedAt } of grids) this.failed(startedAt, error);
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
      }
    }
  }

  private async stream(): Promise<void> {
    const open = new Map<string, { readonly index: number; readonly startedAt: number }>();
    const source = async function* (this: ModelTraffic) {
      while (!this.stopping) {
        const [next] = this.next(1);
        open.set(next!.grid.id, next!);
        yield next!.grid;
      }
    };
    for await (const answer of this.grpc.stream(source.call(this), {
      model: this.model,
      output: OUTPUT,
      window: 6,
    })) {
      const { index, startedAt } = open.get(answer.id) ?? { index: -1, startedAt: 0 };
      open.delete(answer.id);
      if (answer.error === undefined) this.check(index, startedAt, answer);
      else this.failed(startedAt, answer.error);
    }
    for (const { index } of open.values()) this.wrong.push(`grid ${index} of the stream got no answer`);
  }

  private check(index: number, startedAt: number, answer: GridLlr | undefined): void {
    const sha256 = answer?.provenance.sha256;
    const expected = this.references.get(sha256 ?? '')?.[index % SLOTS.length];
    const same = answer !== undefined && expected?.equals(answer.llr.data) === true;
    if (!same || answer?.id !== `g${index}`) this.wrong.push(`grid ${index} answered by ${sha256}`);
    this.outcomes.push({ startedAt, endedAt: performance.now(), sha256, error: undefined });
  }

  private failed(startedAt: number, error: unknown): void {
    this.outcomes.push({ startedAt, endedAt: performance.now(), sha256: undefined, error });
  }
}
