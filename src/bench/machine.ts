import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableCores } from '../engine/cores.js';

/** What figures depend on; nothing that names a machine. */
export interface Machine {
  readonly cores: number;
  /** Vector extensions of the CPU, as the kernel spells them. */
  readonly cpuFlags: readonly string[];
  readonly node: string;
  readonly onnxruntime: string;
}

const VECTOR_FLAGS = [
  'avx2',
  'fma',
  'avx512f',
  'avx512bw',
  'avx512vl',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
  'amx_bf16',
  'amx_int8',
  'asimd',
  'sve',
];

/** @param text in the form of `/proc/cpuinfo` */
export function vectorFlags(text: string): string[] {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1] ?? '';
  const flags = new Set(line.split(/\s+/));
  return VECTOR_FLAGS.filter((flag) => flags.has(flag));
}

export function describeMachine(): Machine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    cores: availableCores(),
    cpuFlags: vectorFlags(cpuInfo()),
    node: process.version,
    onnxruntime: version,
  };
}

function cpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return ''; // not Linux
  }
}
