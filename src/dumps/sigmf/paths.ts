export const META_ENDING = '.sigmf-meta';
export const DATA_ENDING = '.sigmf-data';

/** The two files of a recording. @param path of either, or without an ending. */
export function recordingPaths(path: string): { readonly meta: string; readonly data: string } {
  const base = path.replace(/\.sigmf-(?:meta|data)$/, '');
  return { meta: base + META_ENDING, data: base + DATA_ENDING };
}
