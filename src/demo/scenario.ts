import { type ClientGrid, type DmrsConfig as ClientDmrsConfig, interleave } from '../client/index.js';
import type { Random } from '../phy/random.js';
import { lsLmmseReceiver, perfectCsiReceiver } from '../phy/receivers/index.js';
import { bitErrors } from '../phy/metrics.js';
import { simulateSlot } from '../phy/slot.js';
import { parseTrainConfig, type Scenario } from '../train/config.js';
import { drawSlotConfig } from '../train/data.js';

/** What the demo sends: QPSK, two antennas, four resource blocks. */
export const RECEIVER = { modulation: 'QPSK', nRx: 2, nPrb: 4 } as const;

/** A simulated slot as the demo keeps it: what to send, and what the answer is compared with. */
export interface DemoSlot {
  /** `[nRx, nSym, nSc]` interleaved complex float32. */
  readonly rx: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly dmrs: ClientDmrsConfig;
  /** Transmitted bits `[G]` in codeword order. */
  readonly bits: Uint8Array<ArrayBuffer>;
  /** Bit errors of the conventional receivers on this slot. */
  readonly lsErrors: number;
  readonly perfectErrors: number;
}

/** All TDL profiles, delay spreads and Dopplers, DMRS with one and with two symbols, at one SNR. */
export function demoScenario(snrDb: number): Scenario {
  return parseTrainConfig({ name: 'demo', version: '1', data: { snrDb: [snrDb, snrDb] } }).data;
}

/** Simulates one slot of a scenario and runs the conventional receivers on it. */
export function drawDemoSlot(scenario: Scenario, random: Random): DemoSlot {
  const slot = simulateSlot(drawSlotConfig(scenario, RECEIVER, random), random);
  const { nRx, nSym, nSc } = slot.shape;
  return {
    rx: interleave(slot.rxGrid, nSym * nSc),
    shape: [nRx, nSym, nSc],
    dmrs: slot.config.dmrs,
    bits: slot.bits,
    lsErrors: bitErrors(lsLmmseReceiver(slot), slot.bits),
    perfectErrors: bitErrors(perfectCsiReceiver(slot), slot.bits),
  };
}

/** The request for a slot; the service generates the pilots from the configuration. */
export function gridOf(id: string, { rx, shape, dmrs }: DemoSlot): ClientGrid {
  return { id, rx: { datatype: 'cf32_le', shape, data: rx }, dmrs: { config: dmrs } };
}
