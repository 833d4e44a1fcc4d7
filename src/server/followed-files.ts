import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { SpikingRxError } from '../errors.js';
import type { Logger } from './log.js';

export interface FollowedFiles {
  /** What they are, for the log and the metric: `tls`, `api-keys`. */
  readonly what: string;
  readonly paths: readonly string[];
  /** One of them that nobody else should be able to read. */
  readonly secret?: string;
  /** Takes the new contents, or throws and leaves the old in force. */
  readonly apply: (contents: readonly Buffer[]) => void | Promise<void>;
}

export interface FollowerHooks {
  readonly periodMs: number;
  readonly log: Logger;
  readonly reloaded: (what: string, outcome: 'ok' | 'failed') => void;
}

/** Rights of whoever is neither the owner nor in the group: containers hand out secrets by group. */
const OTHERS = 0o007;

/**
 * Follows files that operators replace while the service runs. They are read again and compared, because the
 * file systems of containers change what a path means without an event for the file (a swapped symbolic link).
 */
export class FileFollower {
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(private readonly hooks: FollowerHooks) {}

  /** Applies the files as they are now, and again whenever they change. @throws when they cannot be applied now. */
  async follow(files: FollowedFiles): Promise<void> {
    const contents = await read(files);
    await files.apply(contents);
    if (files.secret !== undefined) await this.#warnIfOpen(files.secret);
    this.#again(files, fingerprint(contents));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #warnIfOpen(path: string): Promise<void> {
    const { mode } = await stat(path);
    if ((mode & OTHERS) === 0) return;
    const permissions = (mode & 0o777).toString(8);
    this.hooks.log.warn({ path, permissions }, 'others can read this file: take their rights from it');
  }

  #again(files: FollowedFiles, seen: string): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#look(files, seen).then((now) => this.#again(files, now));
    }, this.hooks.periodMs);
    timer.unref();
    this.#timers.add(timer);
  }

  /** What was seen, whether or not it could be applied: a broken file is reported once. */
  async #look(files: FollowedFiles, seen: string): Promise<string> {
    let now = 'unreadable';
    try {
      const contents = await read(files);
      now = fingerprint(contents);
      if (now === seen) return now;
      await files.apply(contents);
      this.hooks.log.info({ what: files.what, files: files.paths }, 'reloaded');
      this.hooks.reloaded(files.what, 'ok');
    } catch (error) {
      if (now === seen) return now;
      const reason = error instanceof Error ? error.message : String(error);
      this.hooks.log.error({ what: files.what, files: files.paths, reason }, 'not reloaded: the old stays');
      this.hooks.reloaded(files.what, 'failed');
    }
    return now;
  }
}

async function read({ what, paths }: FollowedFiles): Promise<Buffer[]> {
  try {
    return await Promise.all(paths.map(async (path) => readFile(path)));
  } catch (cause) {
    // The operating system's text names the file; at start it is for the operator, and later for the log.
    const message = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new SpikingRxError('FAILED_PRECONDITION', message, { cause });
  }
}

function fingerprint(contents: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(String(content.byteLength)).update(':').update(content);
  return hash.digest('hex');
}
