import { at } from './matchers.js';
import { type Tensor, tensorOf } from './run-graph.js';

export interface ConvolutionOptions {
  /** Zero padding at the top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

/**
 * Convolution by its definition, in double precision:
 * y[b, o, h, w] = bias[o] + Σ x[b, i, h + dy·r − top, w + dx·c − left]·k[o, i, r, c].
 */
export function convolve(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | undefined,
  options: ConvolutionOptions,
): Tensor {
  const [batch, inChannels, height, width] = x.dims as [number, number, number, number];
  const [outChannels, , rows, columns] = kernel.dims as [number, number, number, number];
  const {
    pads: [top, left, bottom, right],
    dilations: [dy, dx],
  } = options;
  const outHeight = height + top + bottom - dy * (rows - 1);
  const outWidth = width + left + right - dx * (columns - 1);
  const pixel = (b: number, i: number, h: number, w: number): number =>
    h < 0 || h >= height || w < 0 || w >= width
      ? 0
      : at(x.data, ((b * inChannels + i) * height + h) * width + w);
  const values: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < outChannels; o++)
      for (let h = 0; h < outHeight; h++)
        for (let w = 0; w < outWidth; w++) {
          let sum = bias?.data[o] ?? 0;
          for (let i = 0; i < inChannels; i++)
            for (let r = 0; r < rows; r++)
              for (let c = 0; c < columns; c++)
                sum +=
                  pixel(b, i, h + dy * r - top, w + dx * c - left) *
                  at(kernel.data, ((o * inChannels + i) * rows + r) * columns + c);
          values.push(sum);
        }
  return tensorOf([batch, outChannels, outHeight, outWidth], values);
}
