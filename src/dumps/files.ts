/** The files of a dump, wherever they are: below a folder of this machine, or dropped into a page. */
import { invalid } from '../errors.js';

export interface DumpFiles {
  /** Path of a file in messages. */
  readonly pathOf: (name: string) => string;
  readonly has: (name: string) => boolean;
  /**
   * A whole file.
   * @param most bytes; a larger file is refused.
   * @throws INVALID_ARGUMENT that names the file, when it is not there, too large, or cannot be read.
   */
  readonly read: (name: string, most: number) => Uint8Array<ArrayBuffer>;
}

/** Files that are in memory already, by name. */
export function filesInMemory(contents: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): DumpFiles {
  return {
    pathOf: (name) => name,
    has: (name) => contents.has(name),
    read: (name, most) => {
      const bytes = contents.get(name);
      if (bytes === undefined) throw invalid(name, 'a file', 'none');
      requireSize(name, bytes.length, most);
      return bytes;
    },
  };
}

export function requireSize(file: string, bytes: number, most: number): void {
  if (bytes > most) throw invalid(file, `at most ${most} bytes`, `${bytes} bytes`);
}
