import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, createEngine } from '#engine/engine.js';
import type {
  BatchCompletedEvent,
  BatchDispatchedEvent,
  GridFinishedEvent,
  WorkerEvent,
} from '#engine/observer.js';
import type { EngineOptions } from '#engine/options.js';
import type { LlrRequest, LlrResult } from '#engine/types.js';
import { F32_GRID, float32sOf } from './grids.js';
import { modelFolder, passThroughModel } from './models.js';

/** What a scripted session does with a batch whose first grid carries the command. */
export const SCRIPT = { answer: 1, waitForGate: 2, fail: 3, die: 4, dieOnce: 5, notFinite: 6 } as const;

/** What the observer was told, in order. */
export interface Record {
  readonly dispatched: BatchDispatchedEvent[];
  readonly completed: BatchCompletedEvent[];
  readonly finished: GridFinishedEvent[];
  readonly lost: WorkerEvent[];
  readonly restarted: WorkerEvent[];
}

export interface ScriptedEngine {
  readonly engine: Engine;
  readonly record: Record;
  /** Folder of the models. */
  readonly modelsDir: string;
  /** Sessions that all workers hold together; those of a worker that died count on. */
  sessions(): number;
  /** Whether a worker has come to load a model that hangs until gate 99 opens. */
  hangs(): boolean;
  /** Lets batches that wait for this gate end. */
  openGate(gate: number): void;
  close(): Promise<void>;
}

/** An engine with real worker threads around a scripted session; model `pass/1`, one antenna, Qm = 2. */
export async function scriptedEngine(options: Partial<EngineOptions> = {}): Promise<ScriptedEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'spikingrx-gates-'));
  process.env['SPIKINGRX_TEST_FOLDER'] = folder;
  const models = await modelFolder({ pass: { '1': passThroughModel() } });
  const record: Record = { dispatched: [], completed: [], finished: [], lost: [], restarted: [] };
  const observer = {
    batchDispatched: (event: BatchDispatchedEvent) => void record.dispatched.push(event),
    batchCompleted: (event: BatchCompletedEvent) => void record.completed.push(event),
    gridFinished: (event: GridFinishedEvent) => void record.finished.push(event),
    workerLost: (event: WorkerEvent) => void record.lost.push(event),
    workerRestarted: (event: WorkerEvent) => void record.restarted.push(event),
  };
  const workerUrl = new URL('./scripted-worker.mjs', import.meta.url);
  const defaults = {
    modelsDir: models.path,
    workers: 1,
    cores: 4,
    maxBatchGrids: 4,
    maxQueueDelayMs: 60_000,
  };
  const engine = await createEngine({ ...defaults, observer, ...options }, { workerUrl });
  return {
    engine,
    record,
    modelsDir: models.path,
    sessions: () => readdirSync(folder).filter((name) => name.startsWith('session-')).length,
    hangs: () => existsSync(join(folder, 'hangs')),
    openGate: (gate) => writeFileSync(join(folder, `gate-${gate}`), ''),
    close: async () => {
      await engine.close();
      await models.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A grid 2 × `nSc` whose LLRs, in a scripted session, are all `value`. */
export function scriptedRequest(
  value: number,
  options: Partial<LlrRequest> & { command?: number; argument?: number; nSc?: number } = {},
): LlrRequest {
  const { command = SCRIPT.answer, argument = 0, nSc = 3, ...overrides } = options;
  const dmrs = new Float32Array(2 * 2 * nSc);
  dmrs[0] = command;
  dmrs[1] = argument;
  return {
    id: `grid-${value}`,
    shape: { nRx: 1, nSym: 2, nSc },
    rxGrid: new Float32Array(2 * 2 * nSc).fill(value),
    dmrs,
    dataMask: new Uint8Array(2 * nSc).fill(1),
    format: F32_GRID,
    ...overrides,
  };
}

/** The one value that a scripted session answers everywhere. */
export function valueOf(result: LlrResult): number {
  const values = float32sOf(result.llr.bytes);
  const [first = Number.NaN] = values;
  return values.every((value) => value === first) ? first : Number.NaN;
}

/** Waits until `condition` holds; fails after 10 s. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > giveUpMs) throw new Error(`timed out: ${what}`);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
