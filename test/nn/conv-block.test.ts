import { describe, expect, it } from 'vitest';
import { type BuildContext, initializerSource } from '#nn/context.js';
import { type Dilation, convBlock, convBlockSpecs } from '#nn/conv-block.js';
import { initialise } from '#nn/parameters.js';
import { GraphBuilder } from '#onnx/builder.js';
import { Random } from '#phy/random.js';
import { convolve } from '../support/conv-reference.js';
import { momentsOf } from '../support/matchers.js';
import { normalTensor, outputOf, runGraph, tensorOf } from '../support/run-graph.js';

const SHAPE = { inChannels: 3, outChannels: 8 };
const SPECS = convBlockSpecs('conv', SHAPE);

function build(dims: readonly number[], weights: ReadonlyMap<string, Float32Array>, dilation?: Dilation) {
  const g = new GraphBuilder('conv');
  const normalisation: BuildContext['normalisation'] = { kind: 'batch', observe: () => undefined };
  const context = { g, parameter: initializerSource(g, SPECS, weights), normalisation };
  g.output(convBlock(context, 'conv', g.input('x', 'float32', dims), dilation), 'y');
  return g;
}

describe('ConvBlock', () => {
  it('starts with Kaiming-normal weights (fan_out, ReLU) and no bias', () => {
    // 90 × 216 weights: the sample's std is within 1/√(2·19440) = 0.5 % of √(2/72), five sigma below.
    const random = Random.fromSeed(1);
    const samples = Array.from({ length: 90 }, () => initialise(SPECS, random));
    const weights = momentsOf(samples.flatMap((sample) => [...(sample.get('conv.weight') ?? [])]));
    const expected = Math.sqrt(2 / (8 * 9));
    expect(Math.abs(weights.std / expected - 1)).toBeLessThan(0.025);
    expect(Math.abs(weights.mean)).toBeLessThan((5 * expected) / Math.sqrt(19_440));
    expect([...(samples[0]?.get('conv.bias') ?? [])]).toEqual(Array(8).fill(0));
  });

  it('turns unit variance on 32×32 into mean 0 and std √0.75, the size kept', async () => {
    const random = Random.fromSeed(2);
    const outputs = await runGraph(build([4, 3, 32, 32], initialise(SPECS, random)), {
      x: normalTensor(random, [4, 3, 32, 32]),
    });
    const y = outputOf(outputs, 'y');
    expect(y.dims).toEqual([4, 8, 32, 32]);
    const { mean, std } = momentsOf(y.data);
    // fan_in·2/fan_out = 27·2/72. The drawn weights spread the variance by √(2/216) = 10 %, so the std by 5 %,
    // and at the border the zero padding takes 4 % of the variance.
    expect(std).toBeGreaterThan(Math.sqrt(0.75) * 0.88);
    expect(std).toBeLessThan(Math.sqrt(0.75) * 1.12);
    // 9 neighbours share each input: about 4·1024/9 independent ones a channel, drawn for 8 channels together.
    expect(Math.abs(mean)).toBeLessThan((5 * std) / Math.sqrt((4 * 1024) / 9));
  });

  it.each<Dilation>([
    [1, 1],
    [2, 3],
    [3, 6],
  ])('equals a plain convolution with dilation %d, %d', async (symbols, subcarriers) => {
    const random = Random.fromSeed(3);
    const dims = [2, 3, 7, 14];
    const weights = initialise(SPECS, random);
    weights.set(
      'conv.bias',
      Float32Array.from({ length: 8 }, () => random.normal()),
    );
    const x = normalTensor(random, dims);
    const outputs = await runGraph(build(dims, weights, [symbols, subcarriers]), { x });
    const expected = convolve(
      x,
      tensorOf([8, 3, 3, 3], weights.get('conv.weight') ?? []),
      tensorOf([8], weights.get('conv.bias') ?? []),
      { pads: [symbols, subcarriers, symbols, subcarriers], dilations: [symbols, subcarriers] },
    );
    expect(outputOf(outputs, 'y').dims).toEqual([2, 8, 7, 14]);
    // 27 products of size 1 in float32.
    expect(outputOf(outputs, 'y').data).toBeAllClose(expected.data, { absolute: 1e-5 });
  });
});
