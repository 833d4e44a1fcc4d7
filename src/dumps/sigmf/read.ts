/** Recordings as files of this machine. */
import { createHash } from 'node:crypto';
import type { DumpedSlot } from '../dumped-slot.js';
import { filesIn } from '../folder.js';
import { readRecordingFiles, slotsOfRecording } from './recording.js';

/**
 * Reads a recording: each capture is one slot, in the order of the file.
 * @param path of the metadata, of the samples, or without an ending.
 * @throws INVALID_ARGUMENT that names the file, the key, what was expected and what came.
 */
export function readRecording(path: string): DumpedSlot[] {
  const recording = readRecordingFiles(filesIn(''), path);
  const isHashed = recording.metadata.global['core:sha512'] !== undefined;
  const sha512 = isHashed ? createHash('sha512').update(recording.data).digest('hex') : undefined;
  return slotsOfRecording(recording, sha512);
}
