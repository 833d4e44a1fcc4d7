import { type ClientGrid, type DmrsConfig, interleave } from './types.js';

/** A received grid as a simulator or the model has it. */
export interface PlanarGrid {
  readonly shape: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
  /** `[2·nRx, nSym, nSc]` float32: re, im of antenna 0, re, im of antenna 1, … */
  readonly rxGrid: Float32Array;
  /** The service generates the pilots from it. */
  readonly dmrs: DmrsConfig;
}

/** The request for a planar grid, as cf32_le. */
export function planarGrid(id: string, { shape, rxGrid, dmrs }: PlanarGrid): ClientGrid {
  const { nRx, nSym, nSc } = shape;
  const data = interleave(rxGrid, nSym * nSc);
  return { id, rx: { datatype: 'cf32_le', shape: [nRx, nSym, nSc], data }, dmrs: { config: dmrs } };
}
