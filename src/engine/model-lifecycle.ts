import { setTimeout as delay } from 'node:timers/promises';
import { SpikingRxError } from '../errors.js';
import { ModelCatalog } from './model-catalog.js';
import { ModelInstances } from './model-instances.js';
import { ModelRecords, type VersionRecord } from './model-records.js';
import { type Refusal, refusalOf } from './model-refusal.js';
import { type RepositoryModel, type VersionFiles, listVersions, readModel } from './model-repository.js';
import { notify } from './observer.js';
import type { ResolvedEngineOptions } from './options.js';
import type { ModelRepository, RepositoryEntry } from './types.js';
import { VersionChoice, byModel } from './version-policy.js';

/** The workers, as far as models go. */
export interface ModelWorkers {
  readonly provider: 'cpu' | 'cuda';
  /** Loads a model everywhere, or nowhere. @throws ModelRefusedError */
  load(model: RepositoryModel): Promise<void>;
  /** Releases a model that no batch needs any more. Never rejects. */
  unload(key: string): Promise<void>;
}

/**
 * So long does a model that has left the catalog wait for requests that have looked it up and are not accepted
 * yet.
 */
const LOOKED_UP_MS = 100;

/**
 * What is served, and how that changes: a version is read and checked, loaded by the workers beside the one that
 * it replaces, and put into the catalog; then the old one is left to its last requests and released. One change
 * after the other.
 */
export class ModelLifecycle implements ModelRepository {
  readonly instances = new ModelInstances();
  private readonly records = new ModelRecords();
  private current = new ModelCatalog([], {
    provider: 'cpu',
    defaultModel: undefined,
    defaultVersions: new Map(),
  });
  private workers: ModelWorkers | undefined;
  private changes: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly options: ResolvedEngineOptions) {}

  get catalog(): ModelCatalog {
    return this.current;
  }

  index(): readonly RepositoryEntry[] {
    return this.records.all.map(({ entry }) => entry);
  }

  async load(name: string): Promise<void> {
    this.requireExplicit();
    await this.serially(async () => {
      const versions = await this.versionsOf(name);
      this.requireKnown(name, versions);
      const refused = await this.follow(name, versions, { retry: true });
      if (refused.length > 0)
        throw new SpikingRxError('FAILED_PRECONDITION', `not loaded: ${refused.join('; ')}`);
    });
  }

  async unload(name: string): Promise<void> {
    this.requireExplicit();
    await this.serially(async () => {
      this.requireKnown(name, []);
      await this.retire(this.records.of(name), 'unloaded on request');
    });
  }

  /**
   * Brings what is served in line with the folder.
   * @param versions in the folder
   * @param moving models to leave as they are for now
   */
  async followFolder(
    versions: readonly VersionFiles[],
    moving: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    await this.serially(async () => {
      const onDisk = byModel(versions);
      const names = new Set([...onDisk.keys(), ...this.records.all.map(({ name }) => name)]);
      for (const name of names)
        if (!moving.has(name)) await this.follow(name, onDisk.get(name) ?? [], { retry: false });
    });
  }

  /** Reads what is to be served at the start. @throws SpikingRxError FAILED_PRECONDITION without the folder. */
  async readInitial(): Promise<readonly RepositoryModel[]> {
    const models: RepositoryModel[] = [];
    for (const [name, versions] of byModel(await listVersions(this.options.modelsDir))) {
      const read = await this.readVersions(name, versions);
      for (const model of read) {
        const misfit = misfitAmong(read, model);
        if (misfit === undefined) models.push(model);
        else this.refuse(this.records.open(model), misfit);
      }
    }
    return models;
  }

  /** Serves what was read at the start, but for what the workers refused. */
  async started(
    models: readonly RepositoryModel[],
    workers: ModelWorkers,
    refused: ReadonlyMap<string, Refusal>,
  ): Promise<void> {
    this.workers = workers;
    for (const model of models) {
      const record = this.records.open(model);
      const refusal = refused.get(model.key);
      if (refusal === undefined) this.serve(record, model);
      else this.refuse(record, refusal);
    }
    this.current = this.catalogNow();
    // Lower versions take the places of those that were refused after they had been read.
    if (this.options.maxModelVersions !== undefined)
      await this.followFolder(await listVersions(this.options.modelsDir));
  }

  /** The workers are about to end. */
  close(): void {
    this.closed = true;
  }

  /** Versions that were tried and are not served, with the reasons. */
  get refused(): readonly { readonly name: string; readonly version: string; readonly reason: string }[] {
    return this.records.all.flatMap(({ name, version, refusedFor: reason }) =>
      reason === undefined ? [] : [{ name, version, reason }],
    );
  }

  /** From the highest down. The one who asks may not know where the folder is. */
  private async versionsOf(name: string): Promise<readonly VersionFiles[]> {
    try {
      return byModel(await listVersions(this.options.modelsDir, name)).get(name) ?? [];
    } catch (cause) {
      throw new SpikingRxError('INTERNAL', 'the models folder cannot be read', { cause });
    }
  }

  private async readVersions(
    name: string,
    versions: readonly VersionFiles[],
  ): Promise<readonly RepositoryModel[]> {
    const choice = new VersionChoice(this.options, name);
    const models: RepositoryModel[] = [];
    for (const files of versions) {
      const record = this.records.open(files);
      if (!choice.wants(files)) {
        record.rest(UNWANTED);
        continue;
      }
      record.begin(files);
      try {
        models.push(await readModel(files, this.options.maxModelBytes));
        choice.took();
      } catch (error) {
        this.refuse(record, refusalOf(error, 'unreadable'));
      }
    }
    return models;
  }

  /**
   * @param versions of the model, in the folder, from the highest down
   * @returns what is wanted and could not be loaded, with reasons
   */
  private async follow(
    name: string,
    versions: readonly VersionFiles[],
    { retry }: { readonly retry: boolean },
  ): Promise<string[]> {
    const choice = new VersionChoice(this.options, name);
    const unwanted: VersionRecord[] = [];
    const refused: string[] = [];
    for (const files of versions) {
      const record = this.records.open(files);
      if (!choice.wants(files)) {
        unwanted.push(record);
        continue;
      }
      const refusal = record.needs(files.fingerprint, retry) ? await this.bring(record, files) : undefined;
      if (refusal !== undefined) refused.push(`${name}/${files.version}: ${refusal.reason}`);
      if (record.model !== undefined) choice.took();
    }
    await this.retire(unwanted, UNWANTED);
    const onDisk = new Set(versions.map(({ version }) => version));
    const gone = this.records.of(name).filter(({ version }) => !onDisk.has(version));
    await this.retire(gone, 'its folder is gone');
    for (const record of gone) this.records.forget(record);
    return refused;
  }

  /** Loads a version, in place of the one that serves under its name if need be. */
  private async bring(record: VersionRecord, files: VersionFiles): Promise<Refusal | undefined> {
    const began = performance.now();
    const old = record.model;
    record.begin(files);
    try {
      const model = await readModel(files, this.options.maxModelBytes);
      if (old?.sha256 === model.sha256 && old.goldenSha256 === model.goldenSha256) {
        record.serve(old); // touched, not changed
        return undefined;
      }
      const misfit = misfitAmong(this.records.modelsOf(record.name), model);
      if (misfit !== undefined) return this.refuse(record, misfit);
      await this.workers?.load(model);
      this.serve(record, model, performance.now() - began);
    } catch (error) {
      return this.refuse(record, refusalOf(error, 'runtime'));
    }
    this.current = this.catalogNow();
    if (old !== undefined) await this.release(old);
    return undefined;
  }

  private serve(record: VersionRecord, model: RepositoryModel, loadMs?: number): void {
    this.instances.add(model);
    record.serve(model);
    const { name, version, sha256, misfit } = model;
    notify(this.options.observer, 'modelLoaded', { model: name, version, sha256, misfit, loadMs });
  }

  private refuse(record: VersionRecord, refusal: Refusal): Refusal {
    record.refuse(refusal);
    if (this.closed) return refusal; // the workers end: no fault of the model
    const { name, version } = record;
    const stillServes = record.model !== undefined;
    notify(this.options.observer, 'modelRefused', { model: name, version, stillServes, ...refusal });
    return refusal;
  }

  /** Takes versions out of the catalog, lets their last requests finish, and releases them. */
  private async retire(records: readonly VersionRecord[], reason: string): Promise<void> {
    const models = records.flatMap(({ model }) => (model === undefined ? [] : [model]));
    for (const record of records) {
      if (record.model === undefined) record.rest(reason);
      else record.leave();
    }
    if (models.length === 0) return;
    this.current = this.catalogNow();
    await Promise.all(models.map(async (model) => this.release(model)));
    for (const record of records) record.rest(reason);
    for (const { name, version } of models)
      notify(this.options.observer, 'modelUnloaded', { model: name, version, reason });
  }

  private async release(model: RepositoryModel): Promise<void> {
    await delay(LOOKED_UP_MS);
    await this.instances.remove(model.key);
    await this.workers?.unload(model.key);
  }

  private catalogNow(): ModelCatalog {
    const models = this.records.models();
    // A default that nobody chose stays as long as it is served: another model must not take over by its name.
    const before = models.find(({ name }) => name === this.current.defaultModel)?.name;
    const { defaultVersions } = this.options;
    const defaultModel = this.options.defaultModel ?? before;
    const provider = this.workers?.provider ?? 'cpu';
    return new ModelCatalog(models, { provider, defaultModel, defaultVersions });
  }

  private requireExplicit(): void {
    const { modelControl } = this.options;
    if (modelControl !== 'explicit')
      throw new SpikingRxError(
        'FAILED_PRECONDITION',
        `models are loaded and unloaded on request with modelControl explicit only; it is ${modelControl}`,
      );
    if (this.workers === undefined) throw new SpikingRxError('UNAVAILABLE', 'the service is starting');
  }

  private requireKnown(name: string, versions: readonly VersionFiles[]): void {
    if (versions.length > 0 || this.records.of(name).length > 0) return;
    throw new SpikingRxError('NOT_FOUND', `the repository has no model '${name}'`, { field: 'model' });
  }

  /** One change after the other, also when one fails. */
  private async serially(change: () => Promise<void>): Promise<void> {
    const done = this.changes.then(change);
    this.changes = done.catch(() => undefined);
    await done;
  }
}

const UNWANTED = 'not among the highest versions that are served';

/**
 * Clients of a model that takes grids send grids to each version of it: one that serves tensors only is taken for
 * broken.
 * @param versions that are served or to be served
 */
function misfitAmong(
  versions: readonly RepositoryModel[],
  { contract, misfit }: RepositoryModel,
): Refusal | undefined {
  if (contract !== undefined || versions.every((other) => other.contract === undefined)) return undefined;
  return {
    kind: 'contract',
    reason: `other versions of this model take grids, this one does not: ${misfit}`,
  };
}
