/** Bundles as folders of this machine. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesIn } from '../folder.js';
import { BITS_FILE, LLR_FILE, type OaiBundle, readBundleFiles } from './bundle.js';
import { formatFullGrid, GRID_FILE } from './full-grid.js';
import { formatLdpcConfig, LDPC_FILE } from './ldpc-config.js';
import { formatPdschConfig, PDSCH_FILE } from './pdsch-config.js';

/** @throws INVALID_ARGUMENT that names the file, the field, what was expected and what came. */
export function readOaiBundle(folder: string): OaiBundle {
  return readBundleFiles(filesIn(folder));
}

function packBits(bits: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >> 3] = (bytes[i >> 3] as number) | (bit << (7 - (i & 7)));
  });
  return bytes;
}

function llrBytes(llrs: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * llrs.length);
  const view = new DataView(bytes.buffer);
  llrs.forEach((llr, i) => view.setFloat32(4 * i, llr, true));
  return bytes;
}

/**
 * Writes the folder's files; an optional one that the bundle lacks is removed.
 * @returns their paths.
 */
export function writeOaiBundle(folder: string, bundle: OaiBundle): string[] {
  const files: readonly (readonly [string, string | Uint8Array | undefined])[] = [
    [GRID_FILE, formatFullGrid(bundle.grid)],
    [PDSCH_FILE, formatPdschConfig(bundle.pdsch)],
    [LDPC_FILE, formatLdpcConfig(bundle.ldpc)],
    [LLR_FILE, bundle.llrs && llrBytes(bundle.llrs)],
    [BITS_FILE, bundle.payload && packBits(bundle.payload)],
  ];
  mkdirSync(folder, { recursive: true });
  return files.flatMap(([name, content]) => {
    const path = join(folder, name);
    if (content === undefined) rmSync(path, { force: true });
    else writeFileSync(path, content);
    return content === undefined ? [] : [path];
  });
}
