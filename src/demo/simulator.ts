import { Worker } from 'node:worker_threads';
import type { DemoSlot } from './scenario.js';

export const SLOTS_PER_MESSAGE = 16;

export interface SimulatorRequest {
  /** Slot i depends on the seed and on i alone. */
  readonly seed: number;
  readonly snrDb: number;
  readonly slots: number;
}

/**
 * Simulates slots in a thread of its own, so that this one stays free for traffic.
 * @throws what the simulation throws, for example INVALID_ARGUMENT for an SNR that is not finite
 */
export async function simulateInThread({ seed, snrDb, slots: count }: SimulatorRequest): Promise<DemoSlot[]> {
  const workerData: SimulatorRequest = { seed, snrDb, slots: count };
  const worker = new Worker(new URL('./simulator-worker.js', import.meta.url), { workerData });
  const slots: DemoSlot[] = [];
  worker.on('message', (chunk: DemoSlot[]) => slots.push(...chunk));
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
  return slots;
}
