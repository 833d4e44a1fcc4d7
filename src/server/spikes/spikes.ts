import type { Engine } from '../../engine/engine.js';
import type { SpikeKind } from '../../engine/spikes/types.js';
import type { LlrModelInfo } from '../../engine/types.js';
import { SpikingRxError } from '../../errors.js';
import type { Config } from '../config.js';
import type { Deadlines } from '../deadlines.js';
import type { GridDecoder } from '../decode-grid.js';
import { SlotClock } from '../slot-clock.js';
import type { WireGrid } from '../wire-grid.js';
import type { ShownGrid } from './answer.js';

export interface SpikesParts {
  readonly engine: Engine;
  readonly config: Config;
  readonly deadlines: Deadlines;
  readonly decoder: GridDecoder;
}

export interface SpikesContext {
  readonly model: LlrModelInfo;
  readonly signal: AbortSignal;
  readonly client: string;
  /** When the message was read, on the `performance.now()` clock. */
  readonly receivedMs: number;
  /** All when left out. */
  readonly layers: readonly string[] | undefined;
  readonly kinds: readonly SpikeKind[];
}

/** From one grid, as its transport has it, to what happens inside the spiking layers of its model. */
export class SpikesService {
  constructor(private readonly parts: SpikesParts) {}

  /** @throws FAILED_PRECONDITION where the operator wants none shown. */
  requireOn(): void {
    if (this.parts.config.spikes) return;
    throw new SpikingRxError(
      'FAILED_PRECONDITION',
      'this service shows no spikes: the setting spikes is off',
    );
  }

  /** @throws SpikingRxError as for LLRs, PAYLOAD_TOO_LARGE for more than an answer may hold. */
  async compute(grid: WireGrid, context: SpikesContext): Promise<ShownGrid> {
    const { engine, config, deadlines, decoder } = this.parts;
    const { model, signal, client, layers, kinds } = context;
    const started = performance.now();
    const field = 'grids[0]';
    // A clock of its own: grids that are looked at again must not move the time base of those that are served.
    const { deadlineMs } = deadlines.of(grid, { ...context, field, slotClock: new SlotClock() });
    const request = decoder.decode(grid, {
      model,
      field,
      maxPrb: Math.min(config.maxPrb, config.spikesMaxPrb),
      deadlineMs,
      urgent: false,
      signal,
      client,
      priority: 'normal',
    });
    const decodeMs = performance.now() - started;
    try {
      const wanted = { layers, kinds, maxBytes: config.spikesMaxBytes };
      const result = await engine.spikes({ ...request, wanted });
      return { result, shape: request.shape, decodeMs };
    } finally {
      decoder.release(request);
    }
  }
}
