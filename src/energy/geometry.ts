/** Operations of a convolution on a grid, its borders counted exactly. */
import { SpikingRxError } from '../errors.js';

/** A convolution with stride 1 and zero padding. */
export interface ConvolutionShape {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Taps in OFDM symbols and in subcarriers. */
  readonly kernel: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Zeros at the top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
}

export interface GridSize {
  readonly nSym: number;
  readonly nSc: number;
}

/** One axis of a convolution. */
interface Axis {
  readonly size: number;
  readonly taps: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

function axesOf({ kernel, dilations, pads }: ConvolutionShape, { nSym, nSc }: GridSize): [Axis, Axis] {
  const [rows, columns] = kernel;
  const [top, left, bottom, right] = pads;
  return [
    { size: nSym, taps: rows, dilation: dilations[0], before: top, after: bottom },
    { size: nSc, taps: columns, dilation: dilations[1], before: left, after: right },
  ];
}

/** Positions of the output: output o reads input o + dilation·tap − before. */
function outputSize({ size, taps, dilation, before, after }: Axis): number {
  return size + before + after - dilation * (taps - 1);
}

/** For each tap, the outputs at which it meets the grid and not the padding around it. */
function meetings(axis: Axis): number[] {
  const outputs = outputSize(axis);
  return Array.from({ length: axis.taps }, (_, tap) => {
    const offset = axis.dilation * tap - axis.before;
    return Math.max(0, Math.min(outputs, axis.size - offset) - Math.max(0, -offset));
  });
}

/** For each position of the input, the outputs that read it. */
function readers(axis: Axis): Float64Array {
  const outputs = outputSize(axis);
  return Float64Array.from({ length: axis.size }, (_, position) => {
    let count = 0;
    for (let tap = 0; tap < axis.taps; tap++) {
      const output = position + axis.before - axis.dilation * tap;
      if (output >= 0 && output < outputs) count++;
    }
    return count;
  });
}

/**
 * Multiply-accumulates of one pass over one grid. Padding costs nothing.
 * @param pairs for each tap of the kernel, row by row, how many pairs of input and output channels it joins;
 *   all of them when left out
 */
export function multiplyAccumulates(
  shape: ConvolutionShape,
  grid: GridSize,
  pairs?: ArrayLike<number>,
): number {
  const [rows, columns] = axesOf(shape, grid).map(meetings) as [number[], number[]];
  const all = shape.inChannels * shape.outChannels;
  let total = 0;
  rows.forEach((inRow, r) => {
    columns.forEach((inColumn, c) => {
      total += inRow * inColumn * (pairs?.[r * columns.length + c] ?? all);
    });
  });
  return total;
}

/** What a layer's input holds on one grid, and what its convolution has to do for it. */
export interface InputCount {
  /** Sum over the elements, each a number of spikes. */
  readonly spikes: number;
  readonly nonzero: number;
  readonly largest: number;
  readonly elements: number;
  /** Σ element × targets: the synaptic operations. */
  readonly accumulates: number;
}

/**
 * Counts the synaptic operations of a convolution for one grid: each element is a number of spikes (ADD makes
 * integers), and each of its spikes adds one weight to every target it reaches, fewer near the borders.
 * @param input `[inChannels, nSym, nSc]`, whole numbers from 0
 * @throws INTERNAL when an element is not a number of spikes
 */
export function countInput(input: Float32Array, shape: ConvolutionShape, grid: GridSize): InputCount {
  const [rows, columns] = axesOf(shape, grid).map(readers) as [Float64Array, Float64Array];
  let [spikes, nonzero, largest, reached] = [0, 0, 0, 0];
  for (let start = 0; start < input.length; start += grid.nSc) {
    let inRow = 0;
    for (let c = 0; c < grid.nSc; c++) {
      const value = input[start + c] as number;
      if (value === 0) continue;
      if (!(value > 0 && Number.isInteger(value)))
        throw new SpikingRxError('INTERNAL', `input of a spiking layer: expected a number of spikes at ${c}`);
      spikes += value;
      nonzero++;
      largest = Math.max(largest, value);
      inRow += value * (columns[c] as number);
    }
    reached += inRow * (rows[(start / grid.nSc) % grid.nSym] as number);
  }
  const accumulates = reached * shape.outChannels;
  return { spikes, nonzero, largest, elements: input.length, accumulates };
}
