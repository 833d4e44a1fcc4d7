import { describe, it } from 'vitest';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import { Random } from '#phy/random.js';
import { type AdamWOptions, adamW, clipByNorm } from '#train/adamw.js';
import { parseTrainConfig } from '#train/config.js';
import { learningRateAt } from '#train/schedule.js';
import { expect } from '../support/matchers.js';
import { normalTensor, openModel, outputOf, runGraph, tensorOf } from '../support/run-graph.js';
import { adamWReference, startOf } from './adamw-reference.js';

const OPTIONS: AdamWOptions = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const SIZE = 8;
const MASK = [1, 1, 1, 1, 0, 0, 0, 0];

function stepGraph(): GraphBuilder {
  const g = new GraphBuilder('adamw');
  const vector = (name: string) => g.input(name, 'float32', [SIZE]);
  const scalar = (name: string) => g.input(name, 'float32', []);
  const state = { parameters: vector('p'), firstMoment: vector('m'), secondMoment: vector('v') };
  const scalars = { learningRate: scalar('rate'), correction1: scalar('c1'), correction2: scalar('c2') };
  const decayMask = g.initializer('mask', [SIZE], Float32Array.from(MASK));
  const next = adamW(g, state, { gradient: vector('g'), decayMask, scalars }, OPTIONS);
  g.output(next.parameters, 'next_p');
  g.output(next.firstMoment, 'next_m');
  g.output(next.secondMoment, 'next_v');
  return g;
}

describe('AdamW', () => {
  it('equals a plain reference over six steps: bias correction, decay where the mask says', async () => {
    const random = Random.fromSeed(1);
    const model = await openModel(encodeModel(stepGraph()));
    const start = normalTensor(random, [SIZE]);
    let reference = startOf([...start.data]);
    let state = {
      p: start,
      m: tensorOf([SIZE], Array(SIZE).fill(0)),
      v: tensorOf([SIZE], Array(SIZE).fill(0)),
    };
    for (let step = 0; step < 6; step++) {
      const gradient = normalTensor(random, [SIZE]);
      const rate = 0.05 / (step + 1);
      reference = adamWReference(
        reference,
        { gradient: [...gradient.data], mask: MASK, rate, step },
        OPTIONS,
      );
      const outputs = await model.run({
        ...state,
        g: gradient,
        rate: tensorOf([], [rate]),
        c1: tensorOf([], [1 / (1 - 0.9 ** (step + 1))]),
        c2: tensorOf([], [1 / (1 - 0.99 ** (step + 1))]),
      });
      const next = (name: string) => outputOf(outputs, `next_${name}`);
      state = { p: next('p'), m: next('m'), v: next('v') };
      // float32 against double: rounding of a few operations on values of size 1.
      const tolerance = { absolute: 1e-6, relative: 1e-6 };
      expect(state.p.data).toBeAllClose(reference.parameters, tolerance);
      expect(state.m.data).toBeAllClose(reference.firstMoment, tolerance);
      expect(state.v.data).toBeAllClose(reference.secondMoment, tolerance);
    }
    await model.release();
  });

  it('moves each parameter by the learning rate in the first step, against its gradient', () => {
    const gradient = [1e-3, -5, 20, -1e-2];
    const first = { gradient, mask: [0, 0, 0, 0], rate: 0.1, step: 0 };
    const { parameters } = adamWReference(startOf([0, 0, 0, 0]), first, OPTIONS);
    expect(parameters).toBeAllClose([-0.1, 0.1, -0.1, 0.1], { absolute: 1e-5 });
  });
});

describe('clipByNorm', () => {
  it.each([
    { values: [3, 4], limit: 1, expected: [0.6, 0.8], norm: 5 },
    { values: [0.3, 0.4], limit: 1, expected: [0.3, 0.4], norm: 0.5 },
    { values: [0, 0], limit: 1, expected: [0, 0], norm: 0 },
  ])('scales $values to $expected at a limit of $limit', async ({ values, limit, expected, norm }) => {
    const g = new GraphBuilder('clip');
    const result = clipByNorm(g, g.input('x', 'float32', [2]), limit);
    g.output(result.clipped, 'clipped');
    g.output(result.norm, 'norm');
    const outputs = await runGraph(g, { x: tensorOf([2], values) });
    expect(outputOf(outputs, 'clipped').data).toBeAllClose(expected, { absolute: 1e-6 });
    expect(outputOf(outputs, 'norm').data).toBeAllClose([norm], { absolute: 1e-6 });
  });
});

describe('learning rate', () => {
  const { optimiser } = parseTrainConfig({
    name: 'a',
    version: '1',
    optimiser: { steps: 110, warmupSteps: 10, learningRate: 2, finalLearningRateShare: 0.1 },
  });

  it('rises linearly, falls as half a cosine, and ends at its share', () => {
    const rates = [0, 4, 9, 10, 60, 110, 500].map((step) => learningRateAt(optimiser, step));
    expect(rates).toBeAllClose([0.2, 1, 2, 2, 1.1, 0.2, 0.2], { absolute: 1e-12 });
  });

  it('starts at its peak without warm-up', () => {
    expect(learningRateAt({ ...optimiser, warmupSteps: 0 }, 0)).toBe(2);
  });
});
