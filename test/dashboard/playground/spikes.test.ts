import { expect, it } from 'vitest';
import { spikesOf, stepRates } from '#dashboard/playground/spikes.js';

it('counts become shares of the channels, step by step', () => {
  const counts = Uint16Array.from([0, 1, 2, 3, 4, 300]);
  const layer = {
    name: 'stem',
    channels: 600,
    rates: [
      [0.5, 0.1],
      [0, 1],
    ],
    counts: Buffer.from(counts.buffer).toString('base64'),
  };
  const { layers, ...rest } = spikesOf({
    timeSteps: 2,
    nSym: 1,
    nSc: 3,
    layers: [layer],
  });
  expect(rest).toEqual({ timeSteps: 2, nSym: 1, nSc: 3 });
  expect(layers[0]?.maps).toEqual([
    Float32Array.from([0, 1 / 600, 2 / 600]),
    Float32Array.from([3 / 600, 4 / 600, 0.5]),
  ]);
  expect(stepRates(layers[0]!)).toEqual([0.3, 0.5]);
});
