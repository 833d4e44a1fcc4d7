import { describe, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import { GraphBuilder } from '#onnx/builder.js';
import { Random } from '#phy/random.js';
import { bceWithLogits, countBitErrors } from '#train/loss.js';
import { at, expect } from '../support/matchers.js';
import { type Tensors, normalTensor, outputOf, runGraph, tensorOf } from '../support/run-graph.js';

const DIMS = [2, 2, 3, 4];

/** Loss, bit errors and dLoss/dLLR. */
async function lossOf(feeds: Tensors) {
  const g = new GraphBuilder('loss');
  const dims = outputOf(feeds, 'llr').dims;
  const llr = g.input('llr', 'float32', dims);
  const targets = {
    signs: g.input('signs', 'float32', dims),
    weights: g.input('weights', 'float32', [at(dims, 0), 1, ...dims.slice(2)]),
  };
  const loss = bceWithLogits(g, llr, targets);
  g.output(loss, 'loss');
  g.output(countBitErrors(g, llr, targets), 'errors');
  gradients(g, loss, [llr]).forEach((slope) => g.output(slope, 'slope'));
  const outputs = await runGraph(g, feeds);
  return {
    loss: at(outputOf(outputs, 'loss').data, 0),
    errors: at(outputOf(outputs, 'errors').data, 0),
    slope: outputOf(outputs, 'slope').data,
  };
}

function randomTargets(random: Random): { signs: number[]; weights: number[] } {
  return {
    signs: Array.from({ length: 48 }, () => 1 - 2 * random.integer(2)),
    weights: Array.from({ length: 24 }, () => random.integer(2)),
  };
}

/** −ln P(bit) with P(b=0) = 1/(1 + e^(−LLR)), averaged over the bits of weighted elements. */
function reference(llr: ArrayLike<number>, { signs, weights }: { signs: number[]; weights: number[] }) {
  let [total, bits, errors] = [0, 0, 0];
  signs.forEach((sign, i) => {
    const weight = at(weights, Math.floor(i / 24) * 12 + (i % 12));
    if (weight === 0) return;
    const isZero = sign > 0;
    const probability = 1 / (1 + Math.exp(isZero ? -at(llr, i) : at(llr, i)));
    total -= Math.log(probability);
    bits += 1;
    errors += at(llr, i) >= 0 === isZero ? 0 : 1;
  });
  return { loss: total / bits, errors };
}

const certain = (sign: number): Tensors => ({
  llr: tensorOf([1, 1, 1, 2], [1e4, -1e4]),
  signs: tensorOf([1, 1, 1, 2], [sign, -sign]),
  weights: tensorOf([1, 1, 1, 2], [1, 1]),
});

const at73 = async (llr: number) => {
  const dims = [1, 1, 1, 10];
  const { loss, slope } = await lossOf({
    llr: tensorOf(dims, Array(10).fill(llr)),
    signs: tensorOf(dims, [1, 1, 1, 1, 1, 1, 1, -1, -1, -1]),
    weights: tensorOf(dims, Array(10).fill(1)),
  });
  return { loss, slope: slope.reduce((sum, x) => sum + x, 0) };
};

describe('binary cross-entropy', () => {
  it('equals its plain definition, data resource elements only', async () => {
    const random = Random.fromSeed(1);
    const targets = randomTargets(random);
    const llr = tensorOf(
      DIMS,
      normalTensor(random, DIMS).data.map((x) => 3 * x),
    );
    const signs = tensorOf(DIMS, targets.signs);
    const { loss, errors, slope } = await lossOf({
      llr,
      signs,
      weights: tensorOf([2, 1, 3, 4], targets.weights),
    });
    const expected = reference(llr.data, targets);
    expect([loss, errors]).toBeAllClose([expected.loss, expected.errors], { absolute: 1e-5 });
    expect(expected.errors).toBeGreaterThan(0);
    // What carries no data moves nothing.
    const masked = slope.filter((_, i) => at(targets.weights, Math.floor(i / 24) * 12 + (i % 12)) === 0);
    expect(masked.length).toBeGreaterThan(0);
    expect(masked).toBeAllClose(Array(masked.length).fill(0), { absolute: 0 });
  });

  it('stays finite and linear for certain LLRs', async () => {
    expect([(await lossOf(certain(1))).loss, (await lossOf(certain(-1))).loss]).toBeAllClose([0, 1e4], {
      absolute: 1e-3,
    });
  });

  it('is least at the true LLR: ln 7/3 where 7 of 10 bits are 0', async () => {
    const truth = await at73(Math.log(7 / 3));
    expect([truth.slope]).toBeAllClose([0], { absolute: 1e-6 });
    // Entropy of a 0.7 bit, in nats.
    expect([truth.loss]).toBeAllClose([-0.7 * Math.log(0.7) - 0.3 * Math.log(0.3)], { absolute: 1e-6 });
    expect((await at73(Math.log(7 / 3) + 0.3)).loss).toBeGreaterThan(truth.loss + 1e-3);
    expect((await at73(Math.log(7 / 3) - 0.3)).loss).toBeGreaterThan(truth.loss + 1e-3);
  });

  it('counts an LLR of 0 as a decision for 0', async () => {
    const dims = [1, 1, 1, 2];
    const { errors } = await lossOf({
      llr: tensorOf(dims, [0, 0]),
      signs: tensorOf(dims, [1, -1]),
      weights: tensorOf(dims, [1, 1]),
    });
    expect(errors).toBe(1);
  });
});
