import { setTimeout as delay } from 'node:timers/promises';
import { type ClientGrid, type GridLlr, GrpcLlrClient, llrValues, planarGrid } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import type { DmrsConfig } from '../nr/dmrs.js';
import type { ReceivedSlot } from '../phy/slot.js';
import { batches, type Receiver } from './receivers.js';

export interface ServiceTarget {
  /** `host:port` of the gRPC service. */
  readonly target: string;
  /** The service's default model when left out. */
  readonly model?: string;
}

/** The service makes the pilots from the configuration. */
type ConfiguredSlot = ReceivedSlot & { readonly config: { readonly dmrs: DmrsConfig } };

/** How long a full service is asked again. */
const PATIENCE_MS = 60_000;

/** A model of a running service, over gRPC. */
export class ServiceReceiver implements Receiver {
  private readonly client: GrpcLlrClient;

  constructor(
    readonly name: string,
    private readonly service: ServiceTarget,
  ) {
    this.client = new GrpcLlrClient({ target: service.target });
  }

  async llrs(slots: readonly ConfiguredSlot[]): Promise<Float32Array[]> {
    const answers: GridLlr[] = [];
    for (const batch of batches(slots)) answers.push(...(await this.compute(batch.map(requestFor))));
    return answers.map(({ llr }) => llrValues(llr));
  }

  /** Waits and asks again while the service's queue is full. */
  private async compute(grids: readonly ClientGrid[]): Promise<GridLlr[]> {
    const { model } = this.service;
    const giveUp = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.client.compute(grids, model === undefined ? {} : { model });
      } catch (error) {
        const full = error instanceof SpikingRxError && error.code === 'QUEUE_FULL';
        if (!full || performance.now() > giveUp) throw error;
        await delay(error.retryAfterMs ?? 50);
      }
    }
  }

  release(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }
}

function requestFor(slot: ConfiguredSlot, index: number): ClientGrid {
  return planarGrid(String(index), { ...slot, dmrs: slot.config.dmrs });
}
