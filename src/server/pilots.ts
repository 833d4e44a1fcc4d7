import { LRUCache } from 'lru-cache';
import type { GridShape } from '../engine/types.js';
import { invalid } from '../errors.js';
import { dmrsGrid, type DmrsConfig } from '../nr/dmrs.js';
import { dataMask } from '../nr/resource-map.js';
import { SnrEstimator } from './snr-estimate.js';
import type { WireDmrsConfig } from './wire-grid.js';

/** What a grid's DMRS mean to the model. Shared between requests: never written to. */
export interface Pilots {
  /** `[2, nSym, nSc]` float32. */
  readonly dmrs: Float32Array<ArrayBuffer>;
  /** `[nSym, nSc]`, 1 where the resource element carries data. */
  readonly dataMask: Uint8Array<ArrayBuffer>;
  readonly snr: SnrEstimator;
}

/**
 * Pilot amplitudes that are taken, relative to unit-energy data (β_DMRS of TS 38.214 §4.1 is 1 to √3). Unlike
 * the received grid, the pilots are not normalised by the model: far from 1 its LLRs mean nothing, and from
 * about 1e20 on they are not finite.
 */
const MIN_AMPLITUDE = 0.1;
const MAX_AMPLITUDE = 10;

/** @throws INVALID_ARGUMENT for an amplitude that the model makes nothing of. */
export function checkAmplitude(amplitude: number, field: string): void {
  if (!(amplitude >= MIN_AMPLITUDE && amplitude <= MAX_AMPLITUDE))
    throw invalid(
      field,
      `a pilot amplitude from ${MIN_AMPLITUDE} to ${MAX_AMPLITUDE} (1: as the data)`,
      String(amplitude),
    );
}

/** Pilots of DMRS configurations; those used of late are kept. */
export class PilotCache {
  readonly #pilots: LRUCache<string, Pilots>;

  /** @param maxBytes most memory of the arrays kept. */
  constructor(maxBytes: number) {
    this.#pilots = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ dmrs, dataMask: mask, snr }) => dmrs.byteLength + mask.byteLength + snr.byteLength,
    });
  }

  /** @throws INVALID_ARGUMENT that names the first field that does not fit. */
  get(wire: WireDmrsConfig, shape: GridShape, field: string): Pilots {
    const { nSym, nSc } = shape;
    const config = dmrsConfig(wire, field);
    const key = JSON.stringify([nSym, nSc, config]);
    const kept = this.#pilots.get(key);
    if (kept !== undefined) return kept;
    const dmrs = dmrsGrid(config, shape, field);
    checkAmplitude(config.scale, `${field}.scale`);
    const pilots = { dmrs, dataMask: dataMask(dmrs, shape, config), snr: new SnrEstimator(dmrs, shape) };
    this.#pilots.set(key, pilots);
    return pilots;
  }
}

/** Required keys checked and defaults filled in; src/nr checks the ranges. */
function dmrsConfig(wire: WireDmrsConfig, field: string): DmrsConfig & { readonly scale: number } {
  const { symbolPositions, nId, slot } = wire;
  if (symbolPositions === undefined || symbolPositions.length === 0)
    throw invalid(`${field}.symbolPositions`, 'the OFDM symbols that carry DMRS', 'none');
  if (nId === undefined) throw invalid(`${field}.nId`, 'the scrambling identity N_ID', 'none');
  if (slot === undefined) throw invalid(`${field}.slot`, 'the slot number in the frame', 'none');
  return {
    symbolPositions,
    nId,
    slot,
    // The ranges of these are checked by dmrsGrid, which refuses what the narrow types do not allow.
    configType: (wire.configType ?? 1) as DmrsConfig['configType'],
    nScid: (wire.nScid ?? 0) as DmrsConfig['nScid'],
    cdmGroupsWithoutData: (wire.cdmGroupsWithoutData ?? 1) as DmrsConfig['cdmGroupsWithoutData'],
    symbolsPerSlot: (wire.symbolsPerSlot ?? 14) as 12 | 14,
    scale: wire.scale ?? 1,
    startRb: wire.startRb ?? 0,
    port: wire.port ?? 0,
    startSymbol: wire.startSymbol ?? 0,
  };
}
