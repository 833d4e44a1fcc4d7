import { SpikingRxError } from '../errors.js';
import type { BatchRunner } from './batch-runner.js';
import { type RunBatch, checkModel, checkedBatchSizes } from './model-check.js';
import { type Refusal, refusalOf } from './model-refusal.js';
import type { Session, SessionOptions } from './session.js';
import { runRows, warmUp } from './warm-up.js';
import type { WorkerModel, WorkerSetup } from './worker-protocol.js';

/** Makes a session from model bytes; tests put their own in place of the runtime's. */
export type SessionFactory = (bytes: Uint8Array, options: SessionOptions) => Promise<Session>;

export interface ReadyModel {
  readonly model: WorkerModel;
  readonly session: Session;
}

/** Runs one part of a loading when it is its turn. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** The models of one worker. */
export class WorkerModels {
  private readonly ready = new Map<string, ReadyModel>();

  constructor(
    private readonly setup: WorkerSetup,
    private readonly runner: BatchRunner,
    private readonly createSession: SessionFactory,
  ) {}

  /** @throws SpikingRxError INTERNAL */
  get(key: string): ReadyModel {
    const model = this.ready.get(key);
    if (model === undefined) throw new SpikingRxError('INTERNAL', `this worker has no model ${key}`);
    return model;
  }

  /**
   * Loads and checks a model, in parts so that batches which come meanwhile need not wait for all of it.
   * A model that is there already is left alone.
   * @returns why it was refused, if it was.
   */
  async load(model: WorkerModel, turn: Turn): Promise<Refusal | undefined> {
    if (this.ready.has(model.key)) return undefined;
    let session: Session | undefined;
    try {
      session = await turn(async () => this.sessionOf(model));
      await this.check(model, session, turn);
      this.ready.set(model.key, { model, session });
      return undefined;
    } catch (error) {
      await session?.release();
      return refusalOf(error, 'runtime');
    }
  }

  /** Gives a model's memory back. */
  async unload(key: string): Promise<void> {
    const model = this.ready.get(key);
    this.ready.delete(key);
    await model?.session.release();
  }

  private async sessionOf(model: WorkerModel): Promise<Session> {
    const { provider, deviceId, intraOpThreads } = this.setup;
    // The runtime refuses shared memory, hence the copy; it is dropped once the session exists.
    const bytes = new Uint8Array(model.bytes).slice();
    return this.createSession(bytes, { provider, deviceId, intraOpThreads });
  }

  private async check(model: WorkerModel, session: Session, turn: Turn): Promise<void> {
    const { provider, maxBatchGrids } = this.setup;
    const { contract } = model;
    if (contract === undefined) {
      await turn(async () => warmUp(this.runner, session, model, maxBatchGrids));
      return;
    }
    const run: RunBatch = async (rows) => turn(async () => runRows(this.runner, session, model, rows));
    await checkModel({ ...model, contract }, run, { batchSizes: checkedBatchSizes(maxBatchGrids), provider });
  }
}
