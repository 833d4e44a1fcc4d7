import { describe, expect, it } from 'vitest';
import { flatten, initialise, totalSize, unflatten } from '#nn/parameters.js';
import { parameterSpecs, runningStatisticSpecs } from '#nn/spikingrx.js';
import { Random } from '#phy/random.js';
import { networkConfig } from '../support/networks.js';

const specs = parameterSpecs(networkConfig({ trainBeta: true }));

function draw(seed: number): Float32Array {
  return flatten(specs, initialise(specs, Random.fromSeed(seed)));
}

function statisticsOf(normStatistics: 'per-step' | 'shared'): string[] {
  const config = networkConfig({ normStatistics, timeSteps: 2, dilations: [[1, 1]] });
  return runningStatisticSpecs(config).map(({ name }) => name);
}

describe('parameters', () => {
  it('are drawn anew from a seed, the same each time, another with another seed', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('survive flattening and its inverse', () => {
    const weights = initialise(specs, Random.fromSeed(1));
    expect(unflatten(specs, flatten(specs, weights))).toEqual(weights);
    expect(flatten(specs, weights).length).toBe(totalSize(specs));
  });

  it('of the wrong size or missing are refused by name', () => {
    const weights = initialise(specs, Random.fromSeed(1));
    const broken = new Map(weights).set('stem.conv.bias', new Float32Array(3));
    expect(() => flatten(specs, broken)).toThrow("tensor 'stem.conv.bias': expected 6 values, received 3");
    weights.delete('readout.llr.bias');
    expect(() => flatten(specs, weights)).toThrow(
      "tensor 'readout.llr.bias': expected 2 values, received none",
    );
    expect(() => unflatten(specs, new Float32Array(5))).toThrow(`expected ${totalSize(specs)} values`);
  });

  it('have names of their own, and weight decay on convolution weights only', () => {
    const all = [...specs, ...runningStatisticSpecs(networkConfig())].map(({ name }) => name);
    expect(new Set(all).size).toBe(all.length);
    const decayed = specs.filter(({ decay }) => decay).map(({ name }) => name);
    expect(decayed).toEqual(specs.map(({ name }) => name).filter((name) => name.endsWith('.weight')));
    expect(all).toContain('block2.beta_logit');
  });

  it('keep statistics for each step of a block but one set for the stem, whose input never changes', () => {
    const stem = ['stem.norm.mean.0', 'stem.norm.variance.0'];
    const block = ['block1.norm.mean.0', 'block1.norm.variance.0'];
    expect(statisticsOf('shared')).toEqual([...stem, ...block]);
    expect(statisticsOf('per-step')).toEqual([
      ...stem,
      ...block,
      'block1.norm.mean.1',
      'block1.norm.variance.1',
    ]);
  });
});
