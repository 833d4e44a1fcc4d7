import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikingRxError } from '../errors.js';
import { type ModelDescription, describeModelFile } from '../onnx/contract.js';
import { ModelRefusedError } from './model-refusal.js';

/** A model version whose file can be served. */
export interface RepositoryModel extends ModelDescription {
  readonly name: string;
  /** Whole number as text, as the folder spells it. */
  readonly version: string;
  /** Of this reading: a version that is read again gets another, so that old and new can be loaded side by side. */
  readonly key: string;
  /** The file, in memory that all workers share: what is served is what was hashed. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
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
const FILES = [MODEL_FILE, HASH_FILE] as const;

/** Read and hashed at a time, so that a large file does not hold up the event loop. */
const CHUNK_BYTES = 2 ** 20;
const MAX_HASH_FILE_BYTES = 2 ** 16;

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
  const versions = await subfolders(join(modelsDir, name));
  const inOrder = versions.toSorted((a, b) => Number(a) - Number(b));
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
  if (!/^\d+$/.test(version))
    throw new ModelRefusedError(
      'unreadable',
      `the version folder must be a whole number, found '${version}'`,
    );
  const { bytes, sha256 } = await readFile(folder, MODEL_FILE, maxModelBytes);
  await checkHash(folder, sha256);
  if ((await fingerprintOf(folder)) !== files.fingerprint)
    throw new ModelRefusedError('unreadable', `${MODEL_FILE} changed while it was read`);
  let description: ModelDescription;
  try {
    description = describeModelFile(Buffer.from(bytes));
  } catch (cause) {
    throw new ModelRefusedError('contract', messageOf(cause), cause);
  }
  readings += 1;
  return { name, version, key: `${name}/${version}#${readings}`, ...description, bytes, sha256 };
}

async function readFile(
  folder: string,
  file: string,
  maxBytes: number,
): Promise<{ readonly bytes: SharedArrayBuffer; readonly sha256: string }> {
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

async function readBytes(handle: FileHandle, size: number) {
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

/** @throws ModelRefusedError when a hash file is there and does not hold the file's hash. */
async function checkHash(folder: string, sha256: string): Promise<void> {
  if (!(await exists(join(folder, HASH_FILE)))) return;
  const { bytes } = await readFile(folder, HASH_FILE, MAX_HASH_FILE_BYTES);
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const expected = lines
    .map((line) => /^([0-9a-f]{64})(?: [ *](?:\.\/)?(.+?))?\s*$/i.exec(line))
    .find((match) => match !== null && (match[2] ?? MODEL_FILE) === MODEL_FILE)?.[1];
  if (expected === undefined)
    throw new ModelRefusedError(
      'hash_mismatch',
      `${HASH_FILE} has no line '<SHA-256>  ${MODEL_FILE}', as sha256sum writes it`,
    );
  if (expected.toLowerCase() === sha256) return;
  throw new ModelRefusedError(
    'hash_mismatch',
    `the SHA-256 of ${MODEL_FILE} is ${sha256}, ${HASH_FILE} has ${expected.toLowerCase()}`,
  );
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
