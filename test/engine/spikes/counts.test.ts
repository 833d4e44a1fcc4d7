import { expect, it } from 'vitest';
import { countSpikes, joinMembranes, packSpikes } from '#engine/spikes/counts.js';

/** Two steps of three channels over two resource elements; it fires from 1 on. */
const MEMBRANES = [
  Float32Array.of(1, 0.999, /**/ -3, 2, /**/ 1.5, 1),
  Float32Array.of(0, 0, /**/ 0, 0, /**/ 7, Math.fround(1 - 2 ** -24)),
];

it('counts channels at each resource element, and resource elements of each channel', () => {
  const { rates, counts } = countSpikes(MEMBRANES, 3, 2);
  expect(rates).toEqual([
    [0.5, 0.5, 1],
    [0, 0, 0.5],
  ]);
  expect([...counts]).toEqual([2, 2, 1, 0]);
});

it('packs spikes eight to a byte, from the lowest bit on', () => {
  // 1 0 0 1 1 1 0 0 | 0 0 1 0 (0 0 0 0)
  expect([...packSpikes(MEMBRANES)]).toEqual([0b0011_1001, 0b0000_0100]);
});

it('joins the potentials of all steps', () => {
  const joined = new Float32Array(joinMembranes(MEMBRANES).buffer);
  expect([...joined]).toEqual(MEMBRANES.flatMap((values) => [...values]));
});
