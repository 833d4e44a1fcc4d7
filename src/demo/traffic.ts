import { GrpcLlrClient, type GridLlr, llrValues, RestLlrClient } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { bitErrors } from '../phy/metrics.js';
import { type DemoSlot, gridOf } from './scenario.js';
import type { Tally } from './tally.js';

export interface TrafficOptions {
  readonly slots: readonly DemoSlot[];
  readonly tally: Tally;
  readonly durationMs: number;
  /** Slots sent and not yet answered. */
  readonly inFlight: number;
  readonly model: string | undefined;
  /** Aborting it ends the traffic; what is in flight is still answered. */
  readonly signal: AbortSignal;
}

/** Gives out slots until time is up, over and over, each with an id of its own. */
class Feed {
  readonly #endMs: number;
  #next = 0;

  constructor(private readonly options: TrafficOptions) {
    const now = performance.now();
    this.#endMs = now + options.durationMs;
    options.tally.start(now);
  }

  /** @returns undefined when time is up or the demo was interrupted */
  take(): { readonly id: string; readonly slot: DemoSlot; readonly sentMs: number } | undefined {
    const sentMs = performance.now();
    const { slots, signal } = this.options;
    if (sentMs >= this.#endMs || signal.aborted) return undefined;
    const sequence = this.#next++;
    return { id: String(sequence), slot: slots[sequence % slots.length] as DemoSlot, sentMs };
  }

  answered(sent: { readonly slot: DemoSlot; readonly sentMs: number }, { llr, timing }: GridLlr): void {
    const nowMs = performance.now();
    const { bits, lsErrors, perfectErrors, dmrs } = sent.slot;
    this.options.tally.add(
      {
        latencyMs: nowMs - sent.sentMs,
        batchSize: timing.batchSize,
        dmrsSymbols: dmrs.symbolPositions?.length ?? 0,
        bits: bits.length,
        errors: bitErrors(llrValues(llr), bits),
        lsErrors,
        perfectErrors,
      },
      nowMs,
    );
  }
}

function computeOptions(options: TrafficOptions): { model?: string } {
  return options.model === undefined ? {} : { model: options.model };
}

/** One slot a request, as octets, `inFlight` requests at a time. */
export async function restTraffic(baseUrl: string, options: TrafficOptions): Promise<void> {
  const client = new RestLlrClient({ baseUrl });
  const feed = new Feed(options);
  const sender = async (): Promise<void> => {
    for (let sent = feed.take(); sent; sent = feed.take()) {
      try {
        const [answer] = await client.compute([gridOf(sent.id, sent.slot)], computeOptions(options));
        feed.answered(sent, answer as GridLlr);
      } catch (error) {
        if (!(error instanceof SpikingRxError)) throw error;
        options.tally.fail();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: options.inFlight }, sender));
  } finally {
    client.close();
  }
}

/** One slot a message on one stream, `inFlight` of them unanswered. */
export async function grpcTraffic(target: string, options: TrafficOptions): Promise<void> {
  const client = new GrpcLlrClient({ target });
  await client.connect();
  const feed = new Feed(options);
  const flying = new Map<string, { readonly slot: DemoSlot; readonly sentMs: number }>();
  let wake: (() => void) | undefined;
  async function* source() {
    for (;;) {
      while (flying.size >= options.inFlight)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const sent = feed.take();
      if (!sent) return;
      flying.set(sent.id, sent);
      yield gridOf(sent.id, sent.slot);
    }
  }
  try {
    // The source keeps to `inFlight` itself, so that a slot's time starts when it is sent.
    const window = options.inFlight + 1;
    for await (const answer of client.stream(source(), { ...computeOptions(options), window })) {
      const sent = flying.get(answer.id);
      flying.delete(answer.id);
      wake?.();
      if (answer.error || !sent) options.tally.fail();
      else feed.answered(sent, answer);
    }
  } finally {
    client.close();
  }
}
