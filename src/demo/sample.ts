import { binaryBody, binaryQuery } from '../client/rest-binary.js';
import { type ClientGrid, type DmrsConfig, bytesOf, planarGrid } from '../client/index.js';
import { bitErrors } from '../phy/metrics.js';
import { lsLmmseReceiver, perfectCsiReceiver } from '../phy/receivers/index.js';
import type { Slot } from '../phy/slot.js';

/** A simulated slot in a form that can be sent: file names are relative to one folder. */
export interface SampleFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface SampleOptions {
  /** Names the files, and the grid in the request. */
  readonly name: string;
  /** Model to ask for; the service's default when undefined. */
  readonly model?: string | undefined;
}

/** The body of `POST /v1/llr` as JSON. */
export function jsonRequest(grid: ClientGrid, model?: string): Record<string, unknown> {
  const { id, rx, dmrs } = grid;
  return {
    ...(model !== undefined && { model }),
    grids: [{ id, rx: { ...rx, data: Buffer.from(bytesOf(rx.data)).toString('base64') }, dmrs }],
  };
}

/**
 * What was sent, so that answers can be checked, and how many bits the conventional receivers get wrong; `bits`
 * is `[G]` in codeword order, as text of 0 and 1.
 */
export function truthOf(slot: Slot): Record<string, unknown> {
  const { modulation, nRx, nPrb, snrDb, channel } = slot.config;
  return {
    modulation,
    nRx,
    nPrb,
    snrDb,
    noiseVariance: slot.noiseVariance,
    channel,
    bitErrors: {
      lsLmmse: bitErrors(lsLmmseReceiver(slot), slot.bits),
      perfectCsi: bitErrors(perfectCsiReceiver(slot), slot.bits),
    },
    bits: slot.bits.join(''),
  };
}

function requestFor(name: string, slot: Slot): ClientGrid {
  return planarGrid(name, { ...slot, dmrs: slot.config.dmrs });
}

/** `<name>.json`, ready for `POST /v1/llr`, and `<name>.truth.json`. */
export function jsonSample(slot: Slot, { name, model }: SampleOptions): SampleFile[] {
  const request = jsonRequest(requestFor(name, slot), model);
  return [
    { name: `${name}.json`, content: `${JSON.stringify(request)}\n` },
    { name: `${name}.truth.json`, content: `${JSON.stringify(truthOf(slot), null, 2)}\n` },
  ];
}

/**
 * `<name>.cf32`: the received grid `[nRx, nSym, nSc]`, interleaved little-endian float32, the body of a binary
 * `POST /v1/llr`; `<name>.cf32.json`: its metadata, with the query that describes it; `<name>.truth.json`.
 */
export function binarySample(slot: Slot, { name, model }: SampleOptions): SampleFile[] {
  const grid = requestFor(name, slot);
  const query = binaryQuery([grid], model === undefined ? {} : { model });
  const metadata = {
    datatype: grid.rx.datatype,
    shape: grid.rx.shape,
    dmrs: grid.dmrs as { readonly config: DmrsConfig },
    path: `/v1/llr?${query.toString()}`,
  };
  return [
    { name: `${name}.cf32`, content: binaryBody([grid]) },
    { name: `${name}.cf32.json`, content: `${JSON.stringify(metadata, null, 2)}\n` },
    { name: `${name}.truth.json`, content: `${JSON.stringify(truthOf(slot), null, 2)}\n` },
  ];
}
