import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LayerSpikes, SpikesResult } from '../../engine/spikes/types.js';
import type { GridShape } from '../../engine/types.js';
import type { SpikesAnswer } from '../../wire/spikes.js';

/** Bytes made text at a time, a multiple of 3 so that base64 has no gaps. */
const PIECE_BYTES = 3 * 2 ** 15;

export interface ShownGrid {
  readonly result: SpikesResult;
  readonly shape: GridShape;
  readonly decodeMs: number;
}

/**
 * A `SpikesAnswer` as JSON, piece by piece, with a turn of the event loop between them: all of it at once would hold up
 * everybody's LLRs for milliseconds a megabyte.
 */
export async function* answerText(shown: ShownGrid): AsyncGenerator<string> {
  let text = '';
  for (const piece of pieces(shown)) {
    text += piece;
    if (text.length < PIECE_BYTES) continue;
    yield text;
    text = '';
    await nextTurn();
  }
  yield text;
}

function* pieces({ result, shape, decodeMs }: ShownGrid): Generator<string> {
  const { id, model, version, sha256, timeSteps, layers, llr, timing } = result;
  const { nSym, nSc } = shape;
  const head: Omit<SpikesAnswer, 'layers'> = {
    id,
    model,
    version,
    provenance: { sha256, provider: 'cpu' },
    timeSteps,
    nSym,
    nSc,
    llr: { datatype: llr.datatype, shape: [...llr.shape], data: base64(llr.bytes) },
    timing: { decodeMs, ...timing },
  };
  yield `${open(head)},"layers":[`;
  for (const [index, layer] of layers.entries()) {
    if (index > 0) yield ',';
    yield* layerPieces(layer);
  }
  yield ']}';
}

function* layerPieces({ name, channels, rates, ...data }: LayerSpikes): Generator<string> {
  yield open({ name, channels, rates });
  for (const [key, bytes] of Object.entries(data)) {
    yield `,"${key}":"`;
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES)
      yield base64(bytes.subarray(at, at + PIECE_BYTES));
    yield '"';
  }
  yield '}';
}

/** An object in JSON that more can be added to. */
function open(object: object): string {
  return JSON.stringify(object).slice(0, -1);
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
