/** A model file as the command line is given it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SpikingRxError } from '../errors.js';
import { type ModelContract, readModelContract } from '../onnx/contract.js';

export interface NamedModel {
  readonly bytes: Uint8Array;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** `name/version` from its metadata; the path where it has none. */
  readonly title: string;
  readonly contract: ModelContract;
}

/** @throws NOT_FOUND when the file cannot be read, FAILED_PRECONDITION when it is no model of the contract. */
export function readNamedModel(file: string): NamedModel {
  const bytes = readBytes(file);
  const contract = contractOf(file, bytes);
  const { name, version } = contract.config ?? {};
  return {
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    title: typeof name === 'string' && typeof version === 'string' ? `${name}/${version}` : file,
    contract,
  };
}

function contractOf(file: string, bytes: Uint8Array): ModelContract {
  try {
    return readModelContract(bytes);
  } catch (cause) {
    if (!(cause instanceof SpikingRxError)) throw cause;
    throw new SpikingRxError(cause.code, `--model ${file}: ${cause.message}`, { cause });
  }
}

function readBytes(file: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpikingRxError('NOT_FOUND', `--model: cannot read the model: ${reason}`, { cause });
  }
}
