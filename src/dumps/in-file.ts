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
