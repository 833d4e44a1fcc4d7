import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid, SpikingRxError } from '../errors.js';
import { type CapturedGridMessage, decodeCaptured } from '../wire/bulk/captured.js';

/** A longer record is none: the service writes no grid that is larger. */
const MAX_RECORD_BYTES = 2 ** 30;
const MAX_PREFIX_BYTES = 5;
const CAPTURE_NAME = /\.capture(\.part)?$/;

export interface ReadOptions {
  /** A file ends within a record, as after a crash: `bytes` of it are left over. */
  readonly onTruncated: (path: string, bytes: number) => void;
}

/** Captures among `paths`: files as they are given, of folders those named like captures, oldest first. */
export async function captureFiles(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      if (!(await stat(path)).isDirectory()) return [path];
      const names = (await readdir(path)).filter((name) => CAPTURE_NAME.test(name));
      return names.toSorted().map((name) => join(path, name));
    }),
  );
  const files = lists.flat();
  if (files.length === 0)
    throw new SpikingRxError('NOT_FOUND', `no captures in ${paths.join(', ')}: no file ends in .capture`);
  return files;
}

/**
 * Captured grids in the order they were written.
 * @throws INVALID_ARGUMENT, with the place, where a file holds something else.
 */
export async function* readCaptures(
  files: readonly string[],
  options: ReadOptions,
): AsyncGenerator<CapturedGridMessage, void, undefined> {
  for (const path of files) {
    const file = await open(path);
    try {
      yield* readFile(file, path, options);
    } finally {
      await file.close();
    }
  }
}

async function* readFile(
  file: FileHandle,
  path: string,
  { onTruncated }: ReadOptions,
): AsyncGenerator<CapturedGridMessage, void, undefined> {
  const { size } = await file.stat();
  let at = 0;
  while (at < size) {
    const prefix = await read(file, at, Math.min(MAX_PREFIX_BYTES, size - at));
    const length = lengthOf(prefix);
    if (length === undefined || at + length.prefixBytes + length.value > size) {
      if (length !== undefined && length.value > MAX_RECORD_BYTES) throw noCapture(path, at);
      onTruncated(path, size - at);
      return;
    }
    const bytes = await read(file, at + length.prefixBytes, length.value);
    yield decode(bytes, path, at);
    at += length.prefixBytes + length.value;
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** Undefined where the bytes end first. */
function lengthOf(prefix: Buffer): { readonly value: number; readonly prefixBytes: number } | undefined {
  let value = 0;
  for (const [i, byte] of prefix.entries()) {
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, prefixBytes: i + 1 };
  }
  return prefix.length < MAX_PREFIX_BYTES ? undefined : { value: Number.POSITIVE_INFINITY, prefixBytes: 5 };
}

function decode(bytes: Buffer, path: string, at: number): CapturedGridMessage {
  let message: CapturedGridMessage;
  try {
    message = decodeCaptured(bytes);
  } catch {
    throw noCapture(path, at);
  }
  if (!message.request?.grids?.[0]?.rx || !message.result?.llr) throw noCapture(path, at);
  return message;
}

function noCapture(path: string, at: number): SpikingRxError {
  return invalid(path, 'captured grids, each after its length', `something else at byte ${at}`);
}
