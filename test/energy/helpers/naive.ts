import type { ConvolutionShape } from '#energy/geometry.js';
import { at } from '../../support/matchers.js';
import type { Tensor } from '../../support/run-graph.js';

/**
 * Operations of a convolution by its definition: visits every output, input channel and tap, and adds up what
 * `cost` says of the input element that is read there; padding costs nothing.
 */
export function visit(
  [height, width]: readonly [number, number],
  { inChannels, outChannels, kernel, dilations, pads }: ConvolutionShape,
  cost: (channel: number, row: number, column: number) => number,
): number {
  const [dy, dx] = dilations;
  const outHeight = height + pads[0] + pads[2] - dy * (kernel[0] - 1);
  const outWidth = width + pads[1] + pads[3] - dx * (kernel[1] - 1);
  let total = 0;
  for (let o = 0; o < outChannels; o++)
    for (let h = 0; h < outHeight; h++)
      for (let w = 0; w < outWidth; w++)
        for (let i = 0; i < inChannels; i++)
          for (let r = 0; r < kernel[0]; r++)
            for (let c = 0; c < kernel[1]; c++) {
              const [row, column] = [h + dy * r - pads[0], w + dx * c - pads[1]];
              if (row >= 0 && row < height && column >= 0 && column < width) total += cost(i, row, column);
            }
  return total;
}

/** Accumulates of one step: an element of n spikes costs n at every output that reads it. @param x `[1, C, H, W]` */
export function naiveAccumulates({ data, dims }: Tensor, shape: ConvolutionShape): number {
  const [, , height, width] = dims as [number, number, number, number];
  return visit([height, width], shape, (i, row, column) => at(data, (i * height + row) * width + column));
}
