/** LLRs as a file for another decoder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatLlr } from '../engine/llr-format.js';

export interface OutputOptions {
  readonly path: string;
  readonly format: 'f32' | 'i8';
  /** LLRs are multiplied by it. */
  readonly scale: number;
}

export interface WrittenLlrs extends OutputOptions {
  readonly count: number;
  /** LLRs beyond ±127 after scaling and rounding, of `i8`. */
  readonly saturated: number;
}

/** Steps of 1/4 up to ±31.75: LLRs that are true logarithms of probabilities need neither finer nor larger ones. */
const DEFAULT_SCALE = { f32: 1, i8: 4 } as const;
const I8_MAX = 127;

export function defaultScale(format: OutputOptions['format']): number {
  return DEFAULT_SCALE[format];
}

/** Slots back to back, little-endian; `i8` rounds to nearest and saturates at ±127. */
export function writeLlrs(slots: readonly Float32Array[], options: OutputOptions): WrittenLlrs {
  const { path, format, scale } = options;
  const parts = slots.map((llrs) => {
    // The codeword as one plane of LLRs that all carry data: order and number stay.
    const planes = { planes: llrs, dataMask: new Uint8Array(llrs.length), bitsPerSymbol: 1 };
    const layout = { datatype: format, layout: 'grid', polarity: 'p0_over_p1', scale } as const;
    return formatLlr({ ...planes, nSym: 1, nSc: llrs.length }, layout).bytes;
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat(parts));
  const beyond = (llrs: Float32Array) => llrs.filter((llr) => Math.abs(llr * scale) >= I8_MAX + 0.5).length;
  return {
    ...options,
    count: slots.reduce((sum, llrs) => sum + llrs.length, 0),
    saturated: format === 'i8' ? slots.reduce((sum, llrs) => sum + beyond(llrs), 0) : 0,
  };
}
