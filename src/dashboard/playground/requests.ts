/** What is asked of the service: which models it has, LLRs and spikes of a slot. */
import { binaryAnswer, binaryBody, binaryQuery } from '../../client/rest-binary.js';
import {
  type ClientGrid,
  type GridLlr,
  interleave,
  llrValues,
  type ServedModel,
} from '../../client/types.js';
import { bitsPerSymbol, MODULATIONS } from '../../nr/qam.js';
import type { SpikesAnswer } from '../../wire/spikes.js';
import { call, getJson } from '../api/client.js';
import { requireHere } from '../api/port.js';
import type { Receiver } from './setup.js';
import type { PlaySlot } from './slots.js';
import { type SlotSpikes, spikesOf } from './spikes.js';

/** A model that takes grids. */
export interface ModelOption extends Receiver {
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly isDefault: boolean;
}

export async function gridModels(): Promise<ModelOption[]> {
  await requireHere('grids');
  const { models } = await getJson<{ models: ServedModel[] }>('v1/models');
  return models.flatMap(({ name, version, ready, nRx, bitsPerSymbol: qm, isDefault }) => {
    const modulation = MODULATIONS.find((one) => bitsPerSymbol(one) === qm);
    if (!ready || nRx === 0 || modulation === undefined) return [];
    return [{ key: `${name}/${version}`, name, version, nRx, modulation, isDefault }];
  });
}

function gridOf({ rxGrid, shape, dmrsConfig, name }: PlaySlot): ClientGrid {
  const { nRx, nSym, nSc } = shape;
  const rx = {
    datatype: 'cf32_le' as const,
    shape: [nRx, nSym, nSc],
    data: interleave(rxGrid, nSym * nSc),
  };
  return { id: name, rx, dmrs: { config: dmrsConfig } };
}

/** The binary form, which both routes take. */
async function send(
  route: string,
  grids: readonly ClientGrid[],
  { name, version }: ModelOption,
  init: { readonly accept: string; readonly signal: AbortSignal },
): Promise<Response> {
  const headers = { 'content-type': 'application/octet-stream', accept: init.accept };
  const query = binaryQuery(grids, { model: name, version });
  const body = binaryBody(grids);
  return call(`${route}?${query.toString()}`, { method: 'POST', headers, body, signal: init.signal });
}

export interface Answer {
  /** `[G]` in codeword order. */
  readonly llrs: Float32Array<ArrayBuffer>;
  readonly timing: GridLlr['timing'];
  readonly quality: GridLlr['quality'];
}

/** @throws {ApiError} as the service says */
export async function askModel(
  slot: PlaySlot,
  model: ModelOption,
  signal: AbortSignal,
): Promise<{ readonly answer: Answer; readonly roundTripMs: number }> {
  const grids = [gridOf(slot)];
  const began = performance.now();
  const response = await send('v1/llr', grids, model, { accept: 'application/octet-stream', signal });
  const body = new Uint8Array(await response.arrayBuffer());
  const roundTripMs = performance.now() - began;
  const [grid] = binaryAnswer(grids, Object.fromEntries(response.headers), body);
  const { llr, timing, quality } = grid as GridLlr;
  return { answer: { llrs: llrValues(llr), timing, quality }, roundTripMs };
}

/** @throws {ApiError} as the service says, which need not tell of spikes */
export async function askSpikes(
  slot: PlaySlot,
  model: ModelOption,
  signal: AbortSignal,
): Promise<SlotSpikes> {
  const response = await send('v1/spikes', [gridOf(slot)], model, { accept: 'application/json', signal });
  return spikesOf((await response.json()) as SpikesAnswer);
}
