import { describe, expect, it } from 'vitest';
import { type ConvolutionShape, countInput, multiplyAccumulates } from '#energy/geometry.js';
import { Random } from '#phy/random.js';
import { tensorOf } from '../support/run-graph.js';
import { naiveAccumulates, visit } from './helpers/naive.js';

const SHAPES: readonly ConvolutionShape[] = [
  { inChannels: 2, outChannels: 3, kernel: [3, 3], dilations: [1, 1], pads: [1, 1, 1, 1] },
  { inChannels: 2, outChannels: 1, kernel: [3, 3], dilations: [3, 6], pads: [3, 6, 3, 6] },
  { inChannels: 1, outChannels: 2, kernel: [27, 1], dilations: [1, 1], pads: [13, 0, 13, 0] },
  { inChannels: 3, outChannels: 2, kernel: [1, 5], dilations: [1, 1], pads: [0, 4, 0, 1] },
  { inChannels: 3, outChannels: 2, kernel: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] },
  { inChannels: 1, outChannels: 1, kernel: [3, 2], dilations: [2, 1], pads: [0, 0, 0, 0] },
  // Taps that no output reads inside the grid.
  { inChannels: 1, outChannels: 2, kernel: [3, 3], dilations: [9, 14], pads: [9, 14, 9, 14] },
];
const SIZES = [
  { nSym: 14, nSc: 12 },
  { nSym: 5, nSc: 7 },
];

describe.each(SIZES)('on a grid of %o', (grid) => {
  const size = [grid.nSym, grid.nSc] as const;

  it.each(SHAPES)('multiply-accumulates are those of a loop over outputs and taps: %o', (shape) => {
    expect(multiplyAccumulates(shape, grid)).toBe(visit(size, shape, () => 1));
  });

  it.each(SHAPES)('accumulates are those of a loop over outputs and taps: %o', (shape) => {
    const random = Random.fromSeed(81);
    const elements = shape.inChannels * grid.nSym * grid.nSc;
    const input = Float32Array.from({ length: elements }, () => Math.max(0, random.integer(6) - 2));
    const tensor = tensorOf([1, shape.inChannels, ...size], input);
    const count = countInput(input, shape, grid);
    expect(count.accumulates).toBe(naiveAccumulates(tensor, shape));
    expect(count).toMatchObject({
      spikes: input.reduce((sum, n) => sum + n, 0),
      nonzero: input.filter((n) => n > 0).length,
      largest: 3,
      elements,
    });
  });

  it.each(SHAPES)('an input of n everywhere costs n times the multiply-accumulates: %o', (shape) => {
    const elements = shape.inChannels * grid.nSym * grid.nSc;
    for (const n of [0, 1, 4])
      expect(countInput(new Float32Array(elements).fill(n), shape, grid).accumulates).toBe(
        n * multiplyAccumulates(shape, grid),
      );
  });
});

describe('operations', () => {
  const [shape] = SHAPES as [ConvolutionShape];
  const grid = { nSym: 5, nSc: 7 };

  it('of a sparse kernel are those of the weights that are there', () => {
    const pairs = [0, 0, 0, 0, 2, 0, 0, 0, 0];
    expect(multiplyAccumulates(shape, grid, pairs)).toBe(2 * 35);
    expect(multiplyAccumulates(shape, grid, [1, 0, 0, 0, 0, 0, 0, 0, 0])).toBe(4 * 6);
  });

  it.each([0.5, -1, Number.NaN])('refuse an input of %d: it is no number of spikes', (value) => {
    const input = new Float32Array(70).fill(value);
    expect(() => countInput(input, shape, grid)).toThrow('expected a number of spikes');
  });
});
