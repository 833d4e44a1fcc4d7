import {
  type ClientGrid,
  type ComputeOptions,
  GrpcLlrClient,
  type GridLlr,
  RestLlrClient,
} from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { type ClientKind, type LoadSetup, PRIORITIES, type Priority } from './load.js';

/** Sends one grid and gives its answer. @throws SpikingRxError */
export type Send = (grid: ClientGrid, priority: Priority) => Promise<GridLlr>;

export interface Clients {
  readonly send: Readonly<Record<ClientKind, Send>>;
  close(): void;
}

/** One client of every kind, with connections of its own. */
export async function openClients(setup: LoadSetup): Promise<Clients> {
  const { baseUrl, target, model, version, timeoutMs } = setup;
  const options: ComputeOptions = { model, version, timeoutMs };
  const [json, binary] = [new RestLlrClient({ baseUrl }), new RestLlrClient({ baseUrl })];
  const [unary, streaming] = [new GrpcLlrClient({ target }), new GrpcLlrClient({ target })];
  await Promise.all([unary.connect(), streaming.connect()]);
  const streams = new Map(
    PRIORITIES.map((priority) => [priority, new StreamSender(streaming, { ...options, priority })] as const),
  );
  return {
    send: {
      'rest-json': async (grid, priority) => only(await json.computeJson([grid], { ...options, priority })),
      'rest-binary': async (grid, priority) => only(await binary.compute([grid], { ...options, priority })),
      'grpc-unary': async (grid, priority) => only(await unary.compute([grid], { ...options, priority })),
      'grpc-stream': async (grid, priority) => (streams.get(priority) as StreamSender).send(grid),
    },
    close: () => {
      for (const stream of streams.values()) stream.close();
      for (const client of [json, binary, unary, streaming]) client.close();
    },
  };
}

function only(answers: readonly GridLlr[]): GridLlr {
  const [answer] = answers;
  if (answer === undefined || answers.length !== 1)
    throw new SpikingRxError('INTERNAL', `expected one answer, received ${answers.length}`);
  return answer;
}

interface Waiting {
  readonly resolve: (answer: GridLlr) => void;
  readonly reject: (error: SpikingRxError) => void;
}

/** Many grids in flight on one stream, matched by id; a stream that ends fails what is on it and is opened anew. */
class StreamSender {
  readonly #waiting = new Map<string, Waiting>();
  #source: GridSource | undefined;
  #nextId = 0;

  constructor(
    private readonly client: GrpcLlrClient,
    private readonly options: ComputeOptions,
  ) {}

  async send(grid: ClientGrid): Promise<GridLlr> {
    this.#nextId += 1;
    const id = String(this.#nextId);
    const answer = new Promise<GridLlr>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    if (!this.#source) void this.#run();
    this.#source?.push({ ...grid, id });
    return answer;
  }

  close(): void {
    this.#source?.end();
  }

  async #run(): Promise<void> {
    const source = new GridSource();
    this.#source = source;
    const failure = await this.#exchange(source);
    this.#source = undefined;
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
  }

  /** @returns why the stream ended. */
  async #exchange(source: GridSource): Promise<SpikingRxError> {
    try {
      const window = Number.POSITIVE_INFINITY;
      for await (const answer of this.client.stream(source, { ...this.options, window })) {
        const waiting = this.#waiting.get(answer.id);
        this.#waiting.delete(answer.id);
        if (!waiting) return new SpikingRxError('INTERNAL', 'an answer to a grid that was not sent');
        if (answer.error) waiting.reject(answer.error);
        else waiting.resolve(answer);
      }
      return new SpikingRxError('UNAVAILABLE', 'the stream ended');
    } catch (error) {
      return error instanceof SpikingRxError ? error : new SpikingRxError('INTERNAL', String(error));
    }
  }
}

/** Grids as they are pushed, until the end. */
class GridSource implements AsyncIterable<ClientGrid> {
  readonly #grids: ClientGrid[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  push(grid: ClientGrid): void {
    this.#grids.push(grid);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ClientGrid, void, undefined> {
    for (;;) {
      const grid = this.#grids.shift();
      if (grid) yield grid;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
