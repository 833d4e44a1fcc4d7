import {
  interleave,
  type ClientGrid,
  type DmrsConfig,
  type DmrsTensor,
  type IqTensor,
} from '#client/index.js';
import { dmrsGrid } from '#nr/dmrs.js';
import { Random } from '#phy/random.js';

export interface GridSettings {
  readonly id?: string;
  readonly nRx?: number;
  readonly nSym?: number;
  readonly nSc?: number;
  readonly seed?: number;
}

export const DMRS_CONFIG: DmrsConfig = { symbolPositions: [2, 11], nId: 42, slot: 3 };

/** `[nSym, nSc]` cf32 of {@link DMRS_CONFIG}, as far as the symbols go. */
export function pilotTensor(nSym = 14, nSc = 24): DmrsTensor {
  const config = {
    configType: 1,
    symbolPositions: [2, 11].filter((symbol) => symbol < nSym),
    nId: 42,
    nScid: 0,
    slot: 3,
    cdmGroupsWithoutData: 1,
  } as const;
  const data = interleave(dmrsGrid(config, { nSym, nSc }), nSym * nSc);
  return { datatype: 'cf32_le', shape: [nSym, nSc], data };
}

/** Values that int16 with scale 1/256 and binary16 both hold exactly, so that encodings can be compared. */
export function rxTensor(settings: GridSettings = {}): IqTensor & { data: Float32Array } {
  const { nRx = 2, nSym = 14, nSc = 24, seed = 1 } = settings;
  const random = Random.fromSeed(seed);
  const data = Float32Array.from({ length: 2 * nRx * nSym * nSc }, () =>
    Math.max(-3, Math.min(3, Math.round(random.normal() * 64) / 256)),
  );
  return { datatype: 'cf32_le', shape: [nRx, nSym, nSc], data };
}

export function grid(settings: GridSettings = {}): ClientGrid {
  const { nSym = 14, nSc = 24 } = settings;
  return {
    id: settings.id ?? `g${settings.seed ?? 1}`,
    rx: rxTensor(settings),
    dmrs: pilotTensor(nSym, nSc),
  };
}

export function base64(view: ArrayBufferView): string {
  return Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength).toString('base64');
}

function jsonTensor({ datatype, shape, data }: IqTensor) {
  return { datatype, shape: [...shape], data: base64(data) };
}

/** The grid as REST's JSON has it. */
export function jsonGrid(from: ClientGrid = grid()) {
  return { id: from.id, rx: jsonTensor(from.rx), dmrs: jsonTensor(from.dmrs as DmrsTensor) };
}
