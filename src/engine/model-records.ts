import type { Refusal, RefusalKind } from './model-refusal.js';
import type { RepositoryModel, VersionFiles } from './model-repository.js';
import type { ModelState, RepositoryEntry } from './types.js';
import { inOrderOfVersions } from './versions.js';

/** Nothing that lies in the files themselves. */
const TRANSIENT: ReadonlySet<RefusalKind> = new Set<RefusalKind>(['unreadable', 'worker_lost']);
/** A model that ends every worker that loads it must not do so for ever. */
const MAX_ATTEMPTS = 3;

/** What was not checked of a version that serves. */
function unproved({ golden, contract }: RepositoryModel): string {
  if (golden.length > 0) return '';
  return contract === undefined
    ? 'no golden grids: equal rows in batches were checked where the sizes of the tensors are fixed'
    : 'no golden grids: only finite answers and equal rows in batches were checked';
}

/** What is known of one version: the model that serves, if any, and what became of the files last looked at. */
export class VersionRecord {
  readonly name: string;
  readonly version: string;
  /** Serves while another is loaded in its place, and goes on when that one is refused. */
  model: RepositoryModel | undefined;
  private state: ModelState = 'UNAVAILABLE';
  private reason = '';
  private refusal: Refusal | undefined;
  /** Of the files tried last, and how often. */
  private tried: string | undefined;
  private attempts = 0;

  constructor({ name, version }: Pick<VersionFiles, 'name' | 'version'>) {
    this.name = name;
    this.version = version;
  }

  get entry(): RepositoryEntry {
    const { name, version, state, reason, model } = this;
    return { name, version, state, reason, ...(model && { sha256: model.sha256 }) };
  }

  /** Why it is not served; undefined where it is, or where it was not tried. */
  get refusedFor(): string | undefined {
    return this.model === undefined ? this.refusal?.reason : undefined;
  }

  /**
   * Whether the files are to be tried: when they changed, and again where that may help.
   * @param retry whatever was refused before
   */
  needs(fingerprint: string, retry: boolean): boolean {
    if (this.tried !== fingerprint) return true;
    if (this.refusal === undefined) return this.model === undefined;
    return retry || (TRANSIENT.has(this.refusal.kind) && this.attempts < MAX_ATTEMPTS);
  }

  begin({ fingerprint }: VersionFiles): void {
    this.attempts = this.tried === fingerprint ? this.attempts + 1 : 1;
    this.tried = fingerprint;
    if (this.model === undefined) this.become('LOADING', '');
  }

  serve(model: RepositoryModel): void {
    this.model = model;
    this.refusal = undefined;
    this.become('READY', unproved(model));
  }

  refuse(refusal: Refusal): void {
    this.refusal = refusal;
    if (this.model === undefined) this.become('UNAVAILABLE', refusal.reason);
    else this.become('READY', `serves on as it was; the files in its folder were refused: ${refusal.reason}`);
  }

  /** Leaves the catalog; call {@link rest} when it is released. */
  leave(): void {
    this.model = undefined;
    this.become('UNLOADING', '');
  }

  /** Not served and not to be. */
  rest(reason: string): void {
    this.tried = undefined;
    this.refusal = undefined;
    this.become('UNAVAILABLE', reason);
  }

  private become(state: ModelState, reason: string): void {
    this.state = state;
    this.reason = reason;
  }
}

/** The versions in the folder and those that are served, in the order of names and versions. */
export class ModelRecords {
  private records: readonly VersionRecord[] = [];

  /** The record of a version, a new one where there is none. */
  open(files: Pick<VersionFiles, 'name' | 'version'>): VersionRecord {
    const known = this.records.find(({ name, version }) => name === files.name && version === files.version);
    if (known !== undefined) return known;
    const record = new VersionRecord(files);
    this.records = [...this.records, record].toSorted(inOrder);
    return record;
  }

  forget(gone: VersionRecord): void {
    this.records = this.records.filter((record) => record !== gone);
  }

  get all(): readonly VersionRecord[] {
    return this.records;
  }

  of(name: string): readonly VersionRecord[] {
    return this.records.filter((record) => record.name === name);
  }

  models(): readonly RepositoryModel[] {
    return served(this.records);
  }

  modelsOf(name: string): readonly RepositoryModel[] {
    return served(this.of(name));
  }
}

function served(records: readonly VersionRecord[]): readonly RepositoryModel[] {
  return records.flatMap(({ model }) => (model === undefined ? [] : [model]));
}

function inOrder(a: VersionRecord, b: VersionRecord): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return inOrderOfVersions(a.version, b.version);
}
