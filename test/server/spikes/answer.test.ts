import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import type { LayerSpikes } from '#engine/spikes/types.js';
import { answerText } from '#server/spikes/answer.js';
import { SpikesAnswerSchema, type SpikesAnswer } from '#wire/spikes.js';

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

function shown(layers: readonly LayerSpikes[]) {
  const llr = { datatype: 'i8', shape: [3], bytes: bytes(3) } as const;
  const timing = { queueMs: 1, loadMs: 2, computeMs: 3 };
  const known = { id: 'a "quoted" id', model: 'rx', version: '1', sha256: 'of-the-file', timeSteps: 1 };
  return {
    result: { ...known, layers, llr, timing },
    shape: { nRx: 1, nSym: 1, nSc: 1 },
    decodeMs: 0.5,
  };
}

test.each([0, 1, 98_303, 98_304, 98_305, 300_000])(
  'a field of %i bytes arrives whole, in pieces of bounded size with a turn of the loop between them',
  async (length) => {
    const layers = [
      { name: 'stem', channels: 1, rates: [[0.5]], counts: bytes(2), membrane: bytes(length) },
      { name: 'block1', channels: 2, rates: [[0, 1]], counts: bytes(4), spikes: bytes(length) },
    ];
    const pieces: string[] = [];
    let turns = 0;
    const turn = (): void => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    for await (const piece of answerText(shown(layers))) pieces.push(piece);
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(pieces.length - 1);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(300_000);
    const answer = JSON.parse(pieces.join('')) as SpikesAnswer;
    expect([...Value.Errors(SpikesAnswerSchema, answer)]).toEqual([]);
    expect(answer).toMatchObject({ id: 'a "quoted" id', timing: { decodeMs: 0.5, loadMs: 2 } });
    const [stem, block] = answer.layers;
    for (const text of [stem?.membrane, block?.spikes])
      expect(Buffer.compare(Buffer.from(text ?? 'none', 'base64'), bytes(length))).toBe(0);
    expect(stem).not.toHaveProperty('spikes');
    expect(block).toMatchObject({ name: 'block1', channels: 2, rates: [[0, 1]] });
  },
);
