import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikingRxError } from '../errors.js';
import { type ModelDescription, describeModelFile } from '../onnx/contract.js';
import { GOLDEN_FILE, type GoldenGrid, checkGolden, decodeGolden } from '../onnx/golden.js';
import { ModelRefusedError } from './model-refusal.js';
import { inOrderOfVersions, isVersion } from './versions.js';

/** A model version whose file can be served. */
export interface RepositoryModel extends ModelDescription {
  readonly name: string;
  /** Whole number as text, as the folder spells it. */
  readonly version: string;
  /** `<name>/<version>`. */
  readonly id: string;
  /** Of this reading: a version that is read again gets another, so that old and new can be loaded side by side. */
  readonly key: string;
  /** The file, in memory that all workers share: what is served is what was hashed. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  /** Grids with the LLRs that the model must give; empty where none came with it. */
  readonly golden: readonly GoldenGrid[];
  /** SHA-256 of their file; undefined where there is none. */
  readonly goldenSha256: string | undefined;
}

/** A version folder as the file system shows it, unread. */
export interface VersionFiles {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** Of size, time and inode of the version's files: equal as long as nobody touches them. */
  readonly fingerprint: string;
}

export const MODEL_FILE = 'model.onnx';
/** In the format of `sha256sum`; optional. */
export const HASH_FILE = 'model.sha256';
const FILES = [MODEL_FILE, GOLDEN_FILE, HASH_FILE] as const;

/** Read and hashed at a time, so that a large file does not hold up the event loop. */
const CHUNK_BYTES = 2 ** 20;
const MAX_HASH_FILE_BYTES = 2 ** 16;
const MAX_GOLDEN_FILE_BYTES = 2 ** 24;

let readings = 0;

/**
 * The versions under `<modelsDir>/<name>/<version>/`, names in alphabetical and versions in numeric order.
 * Nothing is read.
 * @param name of one model; all when left out
 * @throws SpikingRxError FAILED_PRECONDITION when the folder cannot be read.
 */
export async function listVersions(modelsDir: string, name?: string): Promise<readonly VersionFiles[]> {
  const found: VersionFiles[] = [];
  try {
    for (const model of await subfolders(modelsDir))
      if (name === undefined || model === name) found.push(...(await versionsOf(modelsDir, model)));
  } catch (cause) {
    throw new SpikingRxError(
      'FAILED_PRECONDITION',
      `cannot read the models folder ${modelsDir}: ${messageOf(cause)}`,
      { cause },
    );
  }
  return found;
}

async function versionsOf(modelsDir: string, name: string): Promise<readonly VersionFiles[]> {
  const versions = await subfolders(join(modelsDir, name)).catch((error: unknown) => {
    if (isAbsent(error)) return []; // gone since the folder above was read
    throw error;
  });
  const inOrder = versions.toSorted(inOrderOfVersions);
  return Promise.all(
    inOrder.map(async (version) => {
      const folder = join(modelsDir, name, version);
      return { name, version, folder, fingerprint: await fingerprintOf(folder) };
    }),
  );
}

/**
 * Reads one version: size, hash and contract are checked on the way.
 * @throws ModelRefusedError
 */
export async function readModel(files: VersionFiles, maxModelBytes: number): Promise<RepositoryModel> {
  const { name, version, folder } = files;
  if (!isVersion(version))
    throw new ModelRefusedError('contract', `the version folder must be a whole number, found '${version}'`);
  const model = await readFile(folder, MODEL_FILE, maxModelBytes);
  const golden = await readIfThere(folder, GOLDEN_FILE, MAX_GOLDEN_FILE_BYTES);
  await checkHashes(folder, { [MODEL_FILE]: model.sha256, [GOLDEN_FILE]: golden?.sha256 });
  if ((await fingerprintOf(folder)) !== files.fingerprint)
    throw new ModelRefusedError('unreadable', `${MODEL_FILE} changed while it was read`);
  const description = describe(model.bytes);
  readings += 1;
  const id = `${name}/${version}`;
  return {
    name,
    version,
    id,
    key: `${id}#${readings}`,
    ...description,
    ...model,
    golden: golden === undefined ? [] : goldenGrids(golden.bytes, description),
    goldenSha256: golden?.sha256,
  };
}

/** @throws ModelRefusedError */
function describe(bytes: SharedArrayBuffer): ModelDescription {
  try {
    return describeModelFile(Buffer.from(bytes));
  } catch (cause) {
    throw new ModelRefusedError('contract', messageOf(cause), cause);
  }
}

/** @throws ModelRefusedError */
function goldenGrids(bytes: SharedArrayBuffer, { contract }: ModelDescription): readonly GoldenGrid[] {
  try {
    if (contract === undefined) throw new Error('the model takes tensors, not grids');
    const grids = decodeGolden(Buffer.from(bytes).toString('utf8'));
    checkGolden(grids, contract);
    return grids;
  } catch (cause) {
    throw new ModelRefusedError('golden_mismatch', `${GOLDEN_FILE}: ${messageOf(cause)}`, cause);
  }
}

async function readIfThere(folder: string, file: string, maxBytes: number): Promise<FileContent | undefined> {
  return (await exists(join(folder, file))) ? readFile(folder, file, maxBytes) : undefined;
}

interface FileContent {
  readonly bytes: SharedArrayBuffer;
  readonly sha256: string;
}

async function readFile(folder: string, file: string, maxBytes: number): Promise<FileContent> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(join(folder, file));
    const { size } = await handle.stat();
    if (size > maxBytes)
      throw new ModelRefusedError('too_large', `${file} has ${size} bytes, at most ${maxBytes} are loaded`);
    return await readBytes(handle, size);
  } catch (cause) {
    if (cause instanceof ModelRefusedError) throw cause;
    throw new ModelRefusedError('unreadable', `cannot read ${file}: ${codeOf(cause)}`, cause);
  } finally {
    await handle?.close();
  }
}

async function readBytes(handle: FileHandle, size: number): Promise<FileContent> {
  const bytes = new SharedArrayBuffer(size);
  const target = new Uint8Array(bytes);
  const chunk = new Uint8Array(Math.min(size, CHUNK_BYTES));
  const hash = createHash('sha256');
  for (let offset = 0; offset < size; ) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunk.length, size - offset), offset);
    if (bytesRead === 0) throw new Error(`it ended after ${offset} of ${size} bytes`);
    const part = chunk.subarray(0, bytesRead);
    hash.update(part);
    target.set(part, offset);
    offset += bytesRead;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** @throws ModelRefusedError when there is a hash file and a file is not what it says, or it leaves the model out. */
async function checkHashes(
  folder: string,
  hashes: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const file = await readIfThere(folder, HASH_FILE, MAX_HASH_FILE_BYTES);
  if (file === undefined) return;
  const expected = hashLines(Buffer.from(file.bytes).toString('utf8'));
  if (!expected.has(MODEL_FILE))
    throw new ModelRefusedError(
      'hash_mismatch',
      `${HASH_FILE} has no line '<SHA-256>  ${MODEL_FILE}', as sha256sum writes it`,
    );
  for (const [name, actual] of Object.entries(hashes)) {
    const wanted = expected.get(name);
    if (wanted === undefined || wanted === actual) continue;
    const is = actual === undefined ? `${name} is missing` : `the SHA-256 of ${name} is ${actual}`;
    throw new ModelRefusedError('hash_mismatch', `${is}, ${HASH_FILE} has ${wanted}`);
  }
}

/** By name of the file; a hash alone is the model's. */
function hashLines(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^([0-9a-f]{64})(?: [ *](?:\.\/)?(.+?))?\s*$/gim);
  return new Map([...lines].map(([, hash = '', name = MODEL_FILE]) => [name, hash.toLowerCase()]));
}

async function fingerprintOf(folder: string): Promise<string> {
  const parts = FILES.map(async (file) => {
    try {
      const { size, mtimeNs, ino } = await stat(join(folder, file), { bigint: true });
      return `${size}:${mtimeNs}:${ino}`;
    } catch {
      return 'absent';
    }
  });
  return (await Promise.all(parts)).join(' ');
}

/** Of a folder that is there or was a moment ago. Trouble of any other kind is not taken for their absence. */
async function subfolders(folder: string): Promise<string[]> {
  const folders: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    if (!name.startsWith('.') && (await isFolder(join(folder, name)))) folders.push(name);
  }
  return folders;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isAbsent(error)) return false; // a dangling link, or gone in the meantime
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ENOENT';
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the operating system says, without the path. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : messageOf(error);
}
