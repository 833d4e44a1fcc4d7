import { type VersionFiles, listVersions } from './model-repository.js';

export interface PollerOptions {
  readonly modelsDir: string;
  readonly periodMs: number;
  /** Brings what is served in line with the folder, but for the models whose files are `moving`. */
  readonly follow: (versions: readonly VersionFiles[], moving: ReadonlySet<string>) => Promise<void>;
  /** The folder cannot be read, or has nothing in it: what is served stays. Told once until it can be read. */
  readonly onUnreadable: (reason: string) => void;
}

/**
 * Looks at the folder again and again. A model is followed once all its files have been the same in two looks,
 * one period apart, so that files which are being copied are left alone; only then is anything read.
 */
export class ModelPoller {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private before: ReadonlyMap<string, string> = new Map();
  private unreadable: string | undefined;

  constructor(private readonly options: PollerOptions) {
    this.schedule();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    if (this.stopped) return;
    // The next look begins a period after the last one ended: loading may take its time.
    this.timer = setTimeout(() => void this.look().finally(() => this.schedule()), this.options.periodMs);
    this.timer.unref();
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    try {
      const versions = await listVersions(this.options.modelsDir);
      // An unmounted volume leaves an empty folder behind, and must not end the service.
      if (versions.length === 0) throw new Error('there is no model in the folder');
      const now = fingerprints(versions);
      const names = [...now.keys(), ...this.before.keys()];
      const moving = new Set(names.filter((name) => now.get(name) !== this.before.get(name)));
      this.before = now;
      if (!this.stopped) await this.options.follow(versions, moving);
      this.unreadable = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== this.unreadable) this.options.onUnreadable(reason);
      this.unreadable = reason;
    }
  }
}

/** Of all files of a model, by its name. */
function fingerprints(versions: readonly VersionFiles[]): ReadonlyMap<string, string> {
  const models = new Map<string, string>();
  for (const { name, version, fingerprint } of versions)
    models.set(name, `${models.get(name) ?? ''}${version}=${fingerprint};`);
  return models;
}
