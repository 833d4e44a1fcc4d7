/** Files that were dropped into the page: which format they are, and the slots in them. */
import type { DumpedSlot } from '../../dumps/dumped-slot.js';
import { type DumpFiles, filesInMemory } from '../../dumps/files.js';
import {
  BITS_FILE,
  LLR_FILE,
  type OaiBundle,
  readBundleFiles,
  slotOfBundle,
} from '../../dumps/oai/bundle.js';
import { GRID_FILE } from '../../dumps/oai/full-grid.js';
import { LDPC_FILE } from '../../dumps/oai/ldpc-config.js';
import { PDSCH_FILE } from '../../dumps/oai/pdsch-config.js';
import { type RawFormat, slotsOfRawSamples } from '../../dumps/raw-iq.js';
import { readRecordingFiles, slotsOfRecording } from '../../dumps/sigmf/recording.js';
import { invalid } from '../../errors.js';

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type FileKind = 'oai' | 'sigmf' | 'raw';

export interface FileSlots {
  readonly kind: FileKind;
  readonly slots: readonly DumpedSlot[];
  readonly bundle?: OaiBundle;
}

/** Larger ones are for the command line: all of it is read into the page's memory. */
export const MOST_FILE_BYTES = 256 * 2 ** 20;

const NEEDED: readonly string[] = [GRID_FILE, PDSCH_FILE, LDPC_FILE];
const OAI_FILES: ReadonlySet<string> = new Set([...NEEDED, LLR_FILE, BITS_FILE]);

/** By the names of the files alone; anything that is neither a bundle nor a recording is raw samples. */
export function kindOf(names: readonly string[]): FileKind {
  if (names.some((name) => OAI_FILES.has(name))) return 'oai';
  return names.some((name) => /\.sigmf(?:-meta|-data)?$/.test(name)) ? 'sigmf' : 'raw';
}

/**
 * @param raw what is needed to know of raw samples.
 * @throws INVALID_ARGUMENT that names the file and what does not fit.
 */
export async function readDropped(dropped: readonly DroppedFile[], raw?: RawFormat): Promise<FileSlots> {
  const names = dropped.map(({ name }) => name);
  const kind = kindOf(names);
  const files = filesInMemory(new Map(dropped.map(({ name, bytes }) => [name, bytes])));
  if (kind === 'oai') {
    const bundle = readBundleFiles(files);
    return { kind, slots: [slotOfBundle(bundle)], bundle };
  }
  if (kind === 'sigmf') return { kind, slots: await recordingSlots(files, names) };
  const [file, ...others] = dropped;
  if (file === undefined || others.length > 0) {
    const expected = `a bundle (${NEEDED.join(', ')}), a recording (.sigmf-meta, .sigmf-data), or one file of samples`;
    throw invalid('files', expected, names.length === 0 ? 'none' : names.join(', '));
  }
  if (raw === undefined) throw invalid('files', 'a description of the raw samples', 'none');
  return { kind, slots: slotsOfRawSamples(file.name, file.bytes, raw) };
}

async function recordingSlots(files: DumpFiles, names: readonly string[]): Promise<readonly DumpedSlot[]> {
  const first = names.find((name) => /\.sigmf/.test(name)) as string;
  const recording = readRecordingFiles(files, first);
  return slotsOfRecording(recording, await sha512(recording.data));
}

/** Hex; none where the browser has no cryptography to offer, which is on pages that came over plain HTTP. */
async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-512', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
