import { SpikingRxError } from '../errors.js';
import { Admission } from './admission.js';
import { Batcher } from './batcher.js';
import type { DrainReport, Engine, EngineStats, StartProgress } from './engine.js';
import { llrRow, requireFit } from './llr-row.js';
import type { ModelCatalog } from './model-catalog.js';
import type { ModelLifecycle } from './model-lifecycle.js';
import { ModelPoller } from './model-poller.js';
import type { RepositoryModel } from './model-repository.js';
import { notify } from './observer.js';
import type { ResolvedEngineOptions } from './options.js';
import { PendingGrid, type PendingOutcome } from './pending-grid.js';
import type { ResolvedProvider } from './provider.js';
import { requireModels } from './require-models.js';
import type { Row } from './row.js';
import { SpikesRunner } from './spikes/runner.js';
import type { LayerSpikes, SpikesRequest, SpikesResult } from './spikes/types.js';
import { joinRows, tensorRows } from './tensor-row.js';
import { together } from './together.js';
import type {
  LlrRequest,
  LlrResult,
  ModelInfo,
  ModelRepository,
  Permit,
  RequestSize,
  RequestTerms,
  TensorRequest,
  TensorResult,
} from './types.js';
import { UsedShapes } from './used-shapes.js';
import { WorkerPool } from './worker-pool.js';
import type { WorkerSetup } from './worker-protocol.js';
import { workerModel } from './worker-setup.js';

export interface EngineParts {
  readonly options: ResolvedEngineOptions & { readonly workers: number };
  readonly provider: ResolvedProvider;
  readonly lifecycle: ModelLifecycle;
  readonly setup: WorkerSetup;
  readonly workerUrl: URL;
  readonly spikesWorkerUrl: URL;
}

/** The engine, once its models have been read and its provider is settled. */
export class LlrEngine implements Engine {
  readonly options: EngineParts['options'];
  readonly provider: ResolvedProvider;
  private readonly admission: Admission;
  private readonly batcher: Batcher;
  private readonly pool: WorkerPool;
  private readonly lifecycle: ModelLifecycle;
  private readonly spikesRunner: SpikesRunner;
  private readonly usedShapes = new UsedShapes();
  private poller: ModelPoller | undefined;
  private started = false;
  private draining = false;
  private closed = false;

  constructor({ options, provider, lifecycle, setup, workerUrl, spikesWorkerUrl }: EngineParts) {
    this.options = options;
    this.provider = provider;
    this.lifecycle = lifecycle;
    this.admission = new Admission(options);
    this.pool = new WorkerPool({
      size: options.workers,
      thread: { workerUrl, setup, heapMb: options.workerHeapMb, stallMs: options.workerStallMs },
      observer: options.observer,
      onWorkerReady: () => this.batcher.pump(),
    });
    this.batcher = new Batcher(this.pool, options);
    this.spikesRunner = new SpikesRunner({
      workerUrl: spikesWorkerUrl,
      heapMb: options.workerHeapMb,
      stallMs: options.workerStallMs,
      idleMs: options.spikesIdleMs,
    });
  }

  /** @param models that were read, and are those of the setup. */
  async start(models: readonly RepositoryModel[]): Promise<void> {
    try {
      const refused = new Map((await this.pool.start()).map((refusal) => [refusal.key, refusal]));
      const workers = {
        provider: this.provider.provider,
        load: async (model: RepositoryModel) =>
          this.pool.load(workerModel(model, this.usedShapes.of(model.name))),
        unload: async (key: string) => {
          this.spikesRunner.forget(key);
          await this.pool.unload(key);
        },
      };
      await this.lifecycle.started(models, workers, refused);
      requireModels(this.options, this.models(), this.lifecycle);
      this.started = true;
      if (!this.closed) this.poll();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get starting(): StartProgress | undefined {
    if (this.started) return undefined;
    return { warmWorkers: this.pool.warmWorkers, workers: this.options.workers };
  }

  get repository(): ModelRepository {
    return this.lifecycle;
  }

  private get catalog(): ModelCatalog {
    return this.lifecycle.catalog;
  }

  get ready(): boolean {
    return this.started && !this.draining && this.pool.liveWorkers > 0 && this.catalog.infos().length > 0;
  }

  get defaultModel(): string | undefined {
    return this.catalog.defaultModel;
  }

  get stats(): EngineStats {
    return {
      admittedGrids: this.admission.queuedGrids,
      admittedBytes: this.admission.queuedBytes,
      largestClientShare: this.admission.largestClientShare,
      waitingGrids: this.batcher.waiting,
      waitingHighGrids: this.batcher.waitingOf('high'),
      oldestWaitMs: this.batcher.oldestWaitMs,
      unansweredGrids: this.batcher.unanswered,
      batchesInFlight: this.pool.runningBatches,
      workers: this.options.workers,
      liveWorkers: this.pool.liveWorkers,
      spikesRequests: this.spikesRunner.requests,
      spikesWorkers: Number(this.spikesRunner.isLoaded),
    };
  }

  models(): readonly ModelInfo[] {
    return this.catalog.infos().map((info) => this.asItIsNow(info));
  }

  model(name?: string, version?: string): ModelInfo {
    this.requireStarted();
    return this.asItIsNow(this.catalog.find(name, version).info);
  }

  admit(size: RequestSize): Permit {
    this.requireStarted();
    return this.admission.admit(size);
  }

  isFull(size: RequestSize): boolean {
    return this.admission.isFull(size);
  }

  async compute(request: LlrRequest): Promise<LlrResult> {
    const model = this.modelOf(request);
    const { tensors, timing } = await this.submit(request, llrRow(request, model), model).answer;
    const [llr] = tensors;
    if (llr?.quality === undefined)
      throw new SpikingRxError('INTERNAL', 'the worker returned no LLRs for this grid');
    const { id, format, shape: grid } = request;
    const { name, version, sha256 } = model;
    this.usedShapes.note(name, { nSym: grid.nSym, nSc: grid.nSc, batch: timing.batchSize });
    const { shape, bytes, quality } = llr;
    const answer = { datatype: format.datatype, shape, bytes };
    return { id, model: name, version, sha256, llr: answer, quality, timing };
  }

  async infer(request: TensorRequest): Promise<TensorResult> {
    const model = this.modelOf(request);
    const rows = tensorRows(request, model);
    const answers = await together(request.signal, (signal) =>
      rows.map(async (row) => this.submit({ ...request, signal }, row, model).answer),
    );
    const { name, version, sha256 } = model;
    const joined = joinRows(rows[0]?.outputs ?? [], model, answers);
    return { id: request.id, model: name, version, sha256, ...joined };
  }

  admitSpikes(client: string): Permit {
    return this.spikesRunner.admit(client);
  }

  async spikes(request: SpikesRequest): Promise<SpikesResult> {
    const model = this.modelOf(request);
    requireFit(request, model);
    const { instances } = this.lifecycle;
    instances.hold(model.key);
    try {
      const result = await this.spikesRunner.compute(request, model);
      const { version, timing, layers } = result;
      const firingRates = layers.map((layer) => ({ layer: layer.name, rate: meanRate(layer) }));
      notify(this.options.observer, 'spikesShown', { model: model.name, version, timing, firingRates });
      return result;
    } finally {
      instances.release(model.key);
    }
  }

  async drain(timeoutMs: number): Promise<DrainReport> {
    this.draining = true;
    this.admission.beginDrain();
    await within(timeoutMs, Promise.all([this.admission.idle(), this.batcher.idle()]));
    const abandoned = this.batcher.unanswered;
    this.batcher.failAll(
      new SpikingRxError('UNAVAILABLE', 'the service shut down before this request was served'),
    );
    return { abandoned };
  }

  async close(): Promise<void> {
    this.draining = true;
    this.closed = true;
    this.poller?.stop();
    this.lifecycle.close();
    this.admission.beginDrain();
    this.batcher.failAll(new SpikingRxError('UNAVAILABLE', 'the engine is closed'));
    await Promise.all([this.pool.close(), this.spikesRunner.close()]);
  }

  private poll(): void {
    const { modelsDir, modelControl, modelPollMs, observer } = this.options;
    if (modelControl !== 'poll') return;
    this.poller = new ModelPoller({
      modelsDir,
      periodMs: modelPollMs,
      follow: async (versions, moving) => this.lifecycle.followFolder(versions, moving),
      onUnreadable: (reason) => notify(observer, 'repositoryUnreadable', { reason }),
    });
  }

  private asItIsNow(info: ModelInfo): ModelInfo {
    const ready = this.pool.liveWorkers > 0;
    // Asked for with every message: a copy only where it differs.
    return info.ready === ready ? info : { ...info, ready };
  }

  /** @throws UNAVAILABLE */
  private requireStarted(): void {
    if (!this.started) throw new SpikingRxError('UNAVAILABLE', 'the service is starting');
  }

  private modelOf({ model, version, instance }: RequestTerms): RepositoryModel {
    if (this.closed) throw new SpikingRxError('UNAVAILABLE', 'the engine is closed');
    const lookedUp = instance === undefined ? undefined : this.lifecycle.instances.get(instance);
    return lookedUp ?? this.catalog.find(model, version).model;
  }

  private submit(request: RequestTerms, row: Row, model: RepositoryModel): PendingGrid {
    const grid = new PendingGrid(request, row, model, this.onSettled);
    this.lifecycle.instances.hold(model.key);
    this.batcher.submit(grid);
    return grid;
  }

  private readonly onSettled = (grid: PendingGrid, { code, timing }: PendingOutcome): void => {
    this.batcher.forget(grid);
    this.lifecycle.instances.release(grid.model.key);
    const { name: model, version } = grid.model;
    const { request, enqueuedMs, priority } = grid;
    const { queueMs, computeMs, batchSize, slackMs } = timing;
    const times = { enqueuedMs, queueMs, computeMs, slackMs };
    const event = { model, version, outcome: code, request, priority, batchSize, ...times };
    notify(this.options.observer, 'gridFinished', event);
  };
}

function meanRate({ rates }: LayerSpikes): number {
  const all = rates.flat();
  return all.reduce((sum, rate) => sum + rate, 0) / all.length;
}

/** Resolves when `work` does or `ms` have passed; leaves no timer behind. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
