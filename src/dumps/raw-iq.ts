/** Received grids as bare samples, in the layout of the service's `rx`, described from outside. */
import { invalid } from '../errors.js';
import { deinterleave, IQ_BYTES, type IqDatatype } from '../iq.js';
import { type DmrsConfig, dmrsGrid } from '../nr/dmrs.js';
import type { Modulation } from '../nr/qam.js';
import { dataMask } from '../nr/resource-map.js';
import { estimateNoise } from '../phy/noise-estimate.js';
import type { DumpedSlot } from './dumped-slot.js';
import { inFile } from './in-file.js';

export interface RawFormat {
  readonly datatype: IqDatatype;
  /** Samples are multiplied by it. */
  readonly scale: number;
  readonly shape: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
  readonly dmrs: DmrsConfig;
  readonly modulation: Modulation;
}

/**
 * Slots back to back, each `[nRx, nSym, nSc]` interleaved I, Q.
 * @param name of the file, for messages.
 * @throws INVALID_ARGUMENT that names the file when its size is not that of whole slots, when samples are not finite
 *   or zeros only; that names the field of `dmrs` that does not fit.
 */
export function slotsOfRawSamples(name: string, bytes: Uint8Array, format: RawFormat): DumpedSlot[] {
  const { datatype, scale, shape, modulation } = format;
  const { nRx, nSym, nSc } = shape;
  const dmrs = dmrsGrid(format.dmrs, shape);
  const mask = dataMask(dmrs, shape, format.dmrs);
  const size = nRx * nSym * nSc * IQ_BYTES[datatype];
  const count = bytes.length / size;
  if (!Number.isInteger(count) || count === 0) {
    const expected = `a multiple of ${size} bytes (${nRx} x ${nSym} x ${nSc} samples of ${datatype} a slot)`;
    throw invalid(`${name}: size`, expected, `${bytes.length} bytes`);
  }
  return Array.from({ length: count }, (_, i) =>
    inFile(name, () => {
      const rxGrid = new Float32Array(2 * nRx * nSym * nSc);
      const samples = bytes.subarray(i * size, (i + 1) * size);
      deinterleave(
        { datatype, bytes: samples, planes: nRx, planeSize: nSym * nSc, scale },
        rxGrid,
        `slot ${i}`,
      );
      const noise = estimateNoise({ shape, rxGrid, dmrs });
      const config = { dmrs: format.dmrs };
      return { name: `slot ${i}`, shape, rxGrid, dmrs, dataMask: mask, modulation, config, ...noise };
    }),
  );
}
