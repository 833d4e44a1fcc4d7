import { once } from 'node:events';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { GrpcLlrClient } from '../client/index.js';
import { grpcError } from '../client/grpc-error.js';
import type { CapturedGridMessage } from '../wire/bulk/captured.js';
import type {
  GridResultMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from '../wire/messages.js';
import { compareAnswers } from './compare.js';
import { Pace, type PaceOptions } from './pace.js';
import { Tally, type ReplayReport } from './tally.js';

export interface ReplayOptions extends PaceOptions {
  readonly client: GrpcLlrClient;
  /** Most grids sent and not answered; a grid that is due then is sent late. */
  readonly window: number;
  /** Largest |difference| of LLRs that is taken; 0: they must be identical. */
  readonly tolerance: number;
  /** In place of the captured ones. */
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  readonly signal: AbortSignal;
}

interface Sent {
  readonly was: GridResultMessage;
  readonly scale: number;
  /** When it was due, or else sent. */
  readonly dueMs: number;
}

type Stream = ClientDuplexStream<StreamLlrRequestMessage, StreamLlrResponseMessage>;

/**
 * Sends captured grids on one stream and compares the LLRs with those captured.
 * @throws what ended the stream before every grid was answered; CANCELLED when `signal` aborts.
 */
export async function replay(
  grids: AsyncIterable<CapturedGridMessage>,
  options: ReplayOptions,
): Promise<ReplayReport> {
  options.signal.throwIfAborted();
  return new Replay(options).all(grids);
}

class Replay {
  readonly #stream: Stream;
  readonly #inFlight = new Map<string, Sent>();
  readonly #tally: Tally;
  readonly #ended: Promise<unknown>;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(private readonly options: ReplayOptions) {
    this.#tally = new Tally(options.tolerance);
    this.#stream = options.client.openStream();
    this.#stream.on('data', ({ results }: StreamLlrResponseMessage) => {
      for (const result of results) this.#answered(result);
      this.#wake?.();
    });
    this.#ended = new Promise((resolve) => {
      this.#stream.on('error', (error: ServiceError) => {
        this.#failure ??= grpcError(error);
        this.#wake?.();
        resolve(undefined);
      });
      this.#stream.on('end', resolve);
    });
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  async all(grids: AsyncIterable<CapturedGridMessage>): Promise<ReplayReport> {
    const pace = new Pace(this.options);
    try {
      for await (const grid of grids) {
        if (this.options.signal.aborted) break;
        const dueMs = await pace.next(grid, this.options.signal);
        await this.#room();
        if (this.#failure !== undefined) break;
        await this.#send(grid, dueMs);
      }
      this.#stream.end();
      await this.#ended;
    } catch (error) {
      // What ended the stream, or the wait for a grid's time, is the cause of what came of it.
      this.#failure ??= error;
    } finally {
      this.options.signal.removeEventListener('abort', this.#onAbort);
      this.#stream.cancel();
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#tally.report();
  }

  /** Waits while the window is full. */
  async #room(): Promise<void> {
    while (this.#inFlight.size >= this.options.window && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  async #send({ request, result }: CapturedGridMessage, dueMs: number | undefined): Promise<void> {
    const [grid] = request!.grids!;
    const id = `replay-${this.#tally.sent()}`;
    const nowMs = performance.now();
    if (dueMs !== undefined) this.#tally.sentLate(nowMs - dueMs);
    this.#inFlight.set(id, { was: result!, scale: grid!.output?.scale ?? 1, dueMs: dueMs ?? nowMs });
    const { model = request!.model, version = request!.version } = this.options;
    const message = {
      model: model ?? '',
      version: this.options.model !== undefined && this.options.version === undefined ? '' : (version ?? ''),
      grids: [{ ...grid, id }],
    };
    if (!this.#stream.write(message)) await Promise.race([once(this.#stream, 'drain'), this.#ended]);
  }

  #answered(result: GridResultMessage): void {
    const sent = this.#inFlight.get(result.id);
    if (!sent) return;
    this.#inFlight.delete(result.id);
    const latencyMs = performance.now() - sent.dueMs;
    if (result.error) this.#tally.failed(result.error.code);
    else this.#tally.answered(sent.was, result, compareAnswers(sent.was, result, sent.scale), latencyMs);
  }

  readonly #onAbort = (): void => {
    this.#failure ??= this.options.signal.reason;
    this.#stream.cancel();
    this.#wake?.();
  };
}
