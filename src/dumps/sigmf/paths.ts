import { SpikingRxError } from '../../errors.js';

export const META_ENDING = '.sigmf-meta';
export const DATA_ENDING = '.sigmf-data';

/**
 * The two files of a recording.
 * @param path of either, or without an ending.
 * @throws INVALID_ARGUMENT for an archive, which holds both.
 */
export function recordingPaths(path: string): { readonly meta: string; readonly data: string } {
  if (path.endsWith('.sigmf'))
    throw new SpikingRxError(
      'INVALID_ARGUMENT',
      `${path}: archives are not read: unpack it (it is a tar file)`,
    );
  const base = path.replace(/\.sigmf-(?:meta|data)$/, '');
  return { meta: base + META_ENDING, data: base + DATA_ENDING };
}
