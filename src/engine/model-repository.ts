import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SpikingRxError } from '../errors.js';
import { type ModelDescription, describeModelFile } from '../onnx/contract.js';

/** A model version whose file can be served. */
export interface RepositoryModel extends ModelDescription {
  readonly name: string;
  /** Whole number as text, as the folder spells it. */
  readonly version: string;
  /** `<name>/<version>`. */
  readonly key: string;
  /** The file, in memory that all workers share: what is served is what was hashed. */
  readonly bytes: SharedArrayBuffer;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
}

/** A model version that is not served, and why. */
export interface RefusedModel {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

export interface RepositoryScan {
  readonly models: readonly RepositoryModel[];
  readonly refused: readonly RefusedModel[];
}

const MODEL_FILE = 'model.onnx';

/**
 * Reads every `<modelsDir>/<name>/<version>/model.onnx`, names in alphabetical and versions in numeric order.
 * @throws SpikingRxError FAILED_PRECONDITION when the folder cannot be read.
 */
export async function scanModels(modelsDir: string): Promise<RepositoryScan> {
  const models: RepositoryModel[] = [];
  const refused: RefusedModel[] = [];
  for (const name of await subfolders(modelsDir)) {
    const versions = await subfolders(join(modelsDir, name));
    for (const version of versions.toSorted((a, b) => Number(a) - Number(b))) {
      try {
        models.push(await loadModel(modelsDir, name, version));
      } catch (error) {
        refused.push({ name, version, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return { models, refused };
}

async function loadModel(modelsDir: string, name: string, version: string): Promise<RepositoryModel> {
  if (!/^\d+$/.test(version)) throw refusal(`the version folder must be a whole number, found '${version}'`);
  const path = join(modelsDir, name, version, MODEL_FILE);
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (cause) {
    throw refusal(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const description = describeModelFile(file);
  const bytes = new SharedArrayBuffer(file.byteLength);
  new Uint8Array(bytes).set(file);
  const sha256 = createHash('sha256').update(file).digest('hex');
  return { name, version, key: `${name}/${version}`, ...description, bytes, sha256 };
}

async function subfolders(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw refusal(
      `cannot read the models folder ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  const folders: string[] = [];
  for (const name of names.toSorted()) {
    if (name.startsWith('.')) continue;
    const isFolder = await stat(join(folder, name)).then(
      (entry) => entry.isDirectory(),
      () => false, // a dangling link
    );
    if (isFolder) folders.push(name);
  }
  return folders;
}

function refusal(reason: string, cause?: unknown): SpikingRxError {
  return new SpikingRxError('FAILED_PRECONDITION', reason, { cause });
}
