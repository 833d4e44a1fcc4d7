import { type ClientGrid, type DmrsConfig, interleave } from '../client/index.js';
import type { Slot } from '../phy/slot.js';

/** A received grid and the configuration of its pilots, as a client has them. */
export interface ReceivedGrid {
  /** `[nRx, nSym, nSc]` interleaved complex float32. */
  readonly rx: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly dmrs: DmrsConfig;
}

/** The request for a grid; the service generates the pilots from the configuration. */
export function gridOf(id: string, { rx, shape, dmrs }: ReceivedGrid): ClientGrid {
  return { id, rx: { datatype: 'cf32_le', shape, data: rx }, dmrs: { config: dmrs } };
}

/** A simulated slot as a request. */
export function gridOfSlot(id: string, slot: Slot): ClientGrid {
  const { nRx, nSym, nSc } = slot.shape;
  const rx = interleave(slot.rxGrid, nSym * nSc);
  return gridOf(id, { rx, shape: [nRx, nSym, nSc], dmrs: slot.config.dmrs });
}
