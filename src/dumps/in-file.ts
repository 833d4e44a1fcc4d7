/** Reading of files that came from elsewhere: every error is an INVALID_ARGUMENT that names the file. */
import { readFileSync, statSync } from 'node:fs';
import { invalid, SpikingRxError } from '../errors.js';

/** Runs a check of a file's content: what it says about a field, it says about a field of this file. */
export function inFile<T>(file: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof SpikingRxError) || error.code !== 'INVALID_ARGUMENT') throw error;
    const { field, expected, received } = error;
    if (field === undefined || expected === undefined || received === undefined) throw error;
    throw invalid(`${file}: ${field}`, expected, received);
  }
}

/** A file that can be read, with what else the operating system says as the error of this file. */
function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(file, 'a file that can be read', cause instanceof Error ? cause.message : String(cause));
  }
}

/**
 * A whole file.
 * @param most bytes; a larger file is refused before it is read.
 * @throws INVALID_ARGUMENT when it is not there, too large, or cannot be read.
 */
export function readWhole(file: string, most: number): Uint8Array<ArrayBuffer> {
  const stats = readable(file, () => statSync(file, { throwIfNoEntry: false }));
  if (!stats?.isFile()) throw invalid(file, 'a file', stats === undefined ? 'none' : 'something else');
  if (stats.size > most) throw invalid(file, `at most ${most} bytes`, `${stats.size} bytes`);
  return readable(file, () => new Uint8Array(readFileSync(file)));
}
