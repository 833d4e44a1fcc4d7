/** Files of this machine; what the operating system says of one becomes an INVALID_ARGUMENT that names it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '../errors.js';
import { type DumpFiles, requireSize } from './files.js';

/** The files below a folder. */
export function filesIn(folder: string): DumpFiles {
  const pathOf = (name: string) => join(folder, name);
  return {
    pathOf,
    has: (name) => existsSync(pathOf(name)),
    read: (name, most) => readWhole(pathOf(name), most),
  };
}

function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(file, 'a file that can be read', cause instanceof Error ? cause.message : String(cause));
  }
}

/** A file is refused for its size before it is read. */
function readWhole(file: string, most: number): Uint8Array<ArrayBuffer> {
  const stats = readable(file, () => statSync(file, { throwIfNoEntry: false }));
  if (!stats?.isFile()) throw invalid(file, 'a file', stats === undefined ? 'none' : 'something else');
  requireSize(file, stats.size, most);
  return readable(file, () => new Uint8Array(readFileSync(file)));
}
