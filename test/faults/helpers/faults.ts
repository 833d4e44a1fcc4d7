import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ClientGrid } from '#client/index.js';
import { grid, rxTensor, type GridSettings } from '../../server/helpers/grids.js';
import { startTestService, type TestService } from '../../server/helpers/service.js';

/** What a grid does to the worker that runs it, by its first received sample. */
export const FAULT = {
  die: 901,
  dieOnce: 902,
  fail: 903,
  exhaust: 904,
  exhaustOnce: 905,
  hang: 906,
} as const;
export type Fault = keyof typeof FAULT;

export interface FaultyService extends TestService {
  /** Lets the grids that hang with this argument return. */
  openGate(argument: number): void;
}

/** A whole service with real sockets, threads and sessions, whose workers obey {@link faultyGrid}. */
export async function startFaultyService(
  settings: Readonly<Record<string, unknown>> = {},
): Promise<FaultyService> {
  const folder = mkdtempSync(join(tmpdir(), 'spikingrx-faults-'));
  process.env['SPIKINGRX_TEST_FOLDER'] = folder;
  const workerUrl = new URL('./fault-worker.mjs', import.meta.url);
  const service = await startTestService({ workers: 2, ...settings }, { engine: { workerUrl } });
  return {
    ...service,
    openGate: (argument) => writeFileSync(join(folder, `gate-${argument}`), ''),
    close: async () => {
      await service.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @param argument tells faults that come once, or wait for a gate, apart */
export function faultyGrid(fault: Fault, argument = 0, settings: GridSettings = {}): ClientGrid {
  const rx = rxTensor(settings);
  rx.data[0] = FAULT[fault];
  rx.data[1] = argument;
  return { ...grid(settings), id: `${fault}-${argument}`, rx };
}

/** Waits until `condition` holds; fails after 20 s. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpMs = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > giveUpMs) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Nothing is held any more: no permit, no grid without an answer. */
export async function expectNothingHeld(service: TestService): Promise<void> {
  await expect
    .poll(() => service.server.engine.stats, { timeout: 10_000 })
    .toMatchObject({ admittedGrids: 0, admittedBytes: 0, unansweredGrids: 0, batchesInFlight: 0 });
}

/** Grids answered so far, by outcome, from the service's own metrics. */
export async function gridCounts(service: TestService): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, code = '', count] of text.matchAll(
    /^spikingrx_grids_total\{[^}]*code="(\w+)"[^}]*\} (\d+)$/gm,
  ))
    if (Number(count) > 0) counts[code] = (counts[code] ?? 0) + Number(count);
  return counts;
}
