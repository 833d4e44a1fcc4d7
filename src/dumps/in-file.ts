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

/** Size of a file, `undefined` when there is no such file (or when it is a folder). */
function sizeOf(file: string): number | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : undefined;
}

export function isFile(file: string): boolean {
  return sizeOf(file) !== undefined;
}

/**
 * A whole file.
 * @param most bytes; a larger file is refused before it is read.
 * @throws INVALID_ARGUMENT when it is not there, too large, or cannot be read.
 */
export function readWhole(file: string, most: number): Uint8Array<ArrayBuffer> {
  const size = sizeOf(file);
  if (size === undefined) throw invalid(file, 'a file', 'none');
  if (size > most) throw invalid(file, `at most ${most} bytes`, `${size} bytes`);
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw invalid(file, 'a file that can be read', cause instanceof Error ? cause.message : String(cause));
  }
}
