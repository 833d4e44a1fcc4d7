import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const ENDING = '.capture';
/** Of the file that is being written. */
const UNFINISHED = `${ENDING}.part`;
/** The ring is that many files. */
const FILES = 8;

/**
 * Files of captured grids in one folder, together never larger than `maxBytes`: the oldest go when there is no room
 * for another. A file has its own name only once it is whole; one that a crash left behind gets it at the next start.
 * Names sort by age. The folder belongs to one process.
 */
export class CaptureRing {
  /** Most bytes of one file, and so of one record. */
  readonly fileBytes: number;
  #file: { readonly handle: FileHandle; readonly path: string } | undefined;
  #size = 0;
  #made = 0;

  private constructor(
    private readonly dir: string,
    private readonly maxBytes: number,
  ) {
    this.fileBytes = Math.floor(maxBytes / FILES);
  }

  /** Makes the folder, for its owner only. @throws what the operating system refuses. */
  static async open(dir: string, maxBytes: number): Promise<CaptureRing> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const ring = new CaptureRing(dir, maxBytes);
    for (const name of await readdir(dir)) if (name.endsWith(UNFINISHED)) await finish(join(dir, name));
    await ring.#begin();
    return ring;
  }

  /** Appends records that together are no larger than {@link fileBytes}. */
  async append(parts: readonly Uint8Array[], bytes: number): Promise<void> {
    if (this.#size + bytes > this.fileBytes) await this.close();
    const file = this.#file ?? (await this.#begin());
    this.#size += bytes;
    const { bytesWritten } = await file.handle.writev(parts);
    if (bytesWritten !== bytes) throw new Error(`${bytesWritten} of ${bytes} bytes were written`);
  }

  /** Ends the file that is being written; the next record begins another. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (!file) return;
    await file.handle.close();
    if (this.#size === 0) await rm(file.path);
    else await finish(file.path);
  }

  async #begin() {
    await this.#makeRoom();
    this.#made += 1;
    const time = new Date().toISOString().replaceAll(/[:.]/g, '-');
    const path = join(this.dir, `${time}-${String(this.#made).padStart(6, '0')}${UNFINISHED}`);
    this.#size = 0;
    this.#file = { handle: await open(path, 'wx', 0o600), path };
    return this.#file;
  }

  /** Removes the oldest until one more file fits. */
  async #makeRoom(): Promise<void> {
    const names = (await readdir(this.dir)).filter((name) => name.endsWith(ENDING)).toSorted();
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.dir, name))).size));
    let total = sizes.reduce((sum, size) => sum + size, 0);
    for (const [i, name] of names.entries()) {
      if (total + this.fileBytes <= this.maxBytes) return;
      await rm(join(this.dir, name));
      total -= sizes[i]!;
    }
  }
}

/** Gives a file its own name. */
async function finish(path: string): Promise<void> {
  await rename(path, path.slice(0, -UNFINISHED.length) + ENDING);
}
