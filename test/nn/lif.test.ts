import { describe, expect, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import { type LifOptions, lif, lifStep } from '#nn/lif.js';
import { TriangularSurrogate } from '#nn/surrogate.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import { Random } from '#phy/random.js';
import { at } from '../support/matchers.js';
import {
  type Tensor,
  normalTensor,
  openModel,
  outputOf,
  runGraph,
  sizeOf,
  tensorOf,
} from '../support/run-graph.js';

const surrogate = new TriangularSurrogate();

function lifGraph(dims: readonly number[], options: LifOptions): GraphBuilder {
  const g = new GraphBuilder('lif');
  const trace = lif(g, g.input('current', 'float32', dims), options);
  g.output(trace.spikes, 'spikes');
  g.output(trace.membrane, 'membrane');
  return g;
}

/** The recurrence in plain TypeScript over `[B, T, rest]`. */
function lifReference({ data, dims }: Tensor, options: { beta: number; threshold: number }) {
  const [batch, steps] = dims as [number, number];
  const rest = sizeOf(dims.slice(2));
  const spikes = new Float32Array(data.length);
  const membrane = new Float32Array(data.length);
  for (let b = 0; b < batch; b++)
    for (let n = 0; n < rest; n++) {
      let potential = 0;
      for (let t = 0; t < steps; t++) {
        const i = (b * steps + t) * rest + n;
        const step = lifStep(potential, at(data, i), options);
        ({ potential } = step);
        spikes[i] = step.spike;
        membrane[i] = step.charged;
      }
    }
  return { spikes, membrane };
}

/** Rounding of float32 over a few dozen steps of potentials of size 1. */
const ROUNDING = { absolute: 1e-5 };

describe('lifStep', () => {
  it('charges, fires at the threshold, and subtracts it', () => {
    expect(lifStep(2, 4, { beta: 0.5, threshold: 4 })).toEqual({ spike: 0, charged: 3, potential: 3 });
    expect(lifStep(1, 1, { beta: 0.5, threshold: 1 })).toEqual({ spike: 1, charged: 1, potential: 0 });
    expect(lifStep(4, 0, { beta: 0.5, threshold: 0.5 })).toEqual({ spike: 1, charged: 2, potential: 1.5 });
  });
});

describe('Lif', () => {
  it('fires exactly 3 times in 20 steps of a current of 1.2 with θ = 0.5, and not by the current alone', async () => {
    const current = tensorOf(
      [1, 20, 1],
      Array.from({ length: 20 }, () => 1.2),
    );
    const outputs = await runGraph(lifGraph([1, 20, 1], { beta: 0.9, threshold: 0.5, surrogate }), {
      current,
    });
    const spikes = outputOf(outputs, 'spikes');
    expect(spikes.dims).toEqual([1, 20, 1]);
    // 1.2·(1 − 0.9ⁿ) passes 0.5 at the 6th step; the potential kept after each reset brings the next in 5.
    expect([...spikes.data].flatMap((s, t) => (s === 1 ? [t + 1] : []))).toEqual([6, 11, 16]);
    const reference = lifReference(current, { beta: 0.9, threshold: 0.5 });
    expect(spikes.data).toHaveSameBits(reference.spikes);
    expect(outputOf(outputs, 'membrane').data).toBeAllClose(reference.membrane, ROUNDING);
  });

  it.each([
    { dims: [3, 12, 7], beta: 0.9, threshold: 0.1 },
    { dims: [2, 6, 3, 4, 5], beta: 0.5, threshold: 0.4 },
    { dims: [2, 1, 4], beta: 0.8, threshold: 0.05 },
    { dims: [1, 5, 40], beta: 0, threshold: 1 },
  ])(
    'equals the plain reference step by step on $dims, β = $beta, θ = $threshold',
    async ({ dims, ...options }) => {
      const current = normalTensor(Random.fromSeed(dims.join()), dims);
      const outputs = await runGraph(lifGraph(dims, { ...options, surrogate }), { current });
      const reference = lifReference(current, options);
      expect(outputOf(outputs, 'spikes').data).toHaveSameBits(reference.spikes, 'spikes');
      expect(outputOf(outputs, 'membrane').data).toBeAllClose(reference.membrane, ROUNDING);
      // Neither silent nor saturated, or the comparison would say little.
      const rate = reference.spikes.reduce((sum, s) => sum + s, 0) / reference.spikes.length;
      expect(rate).toBeGreaterThan(0.02);
      expect(rate).toBeLessThan(0.6);
    },
  );

  it('starts from U = 0 and leaks nothing from one run into the next', async () => {
    const dims = [1, 4, 6];
    const model = await openModel(encodeModel(lifGraph(dims, { beta: 0.9, threshold: 0.2, surrogate })));
    const current = normalTensor(Random.fromSeed(5), dims);
    const first = await model.run({ current });
    await model.run({
      current: tensorOf(
        dims,
        current.data.map(() => 50),
      ),
    });
    const again = await model.run({ current });
    await model.release();
    for (const name of ['spikes', 'membrane'])
      expect(outputOf(again, name).data).toHaveSameBits(outputOf(first, name).data, name);
    const start = outputOf(first, 'membrane').data.subarray(0, 6);
    expect(start).toBeAllClose(
      current.data.subarray(0, 6).map((i) => 0.1 * i),
      { absolute: 1e-7 },
    );
  });

  it('keeps its state through all T steps: one early pulse is felt at the end', async () => {
    const dims = [1, 10, 1];
    const current = tensorOf(dims, [8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const outputs = await runGraph(lifGraph(dims, { beta: 0.9, threshold: 1, surrogate }), { current });
    expect(outputOf(outputs, 'membrane').data).toBeAllClose(
      current.data.map((_, t) => 0.8 * 0.9 ** t),
      ROUNDING,
    );
  });

  it.each([{ dims: [5] }, { dims: [2, 3] }, { dims: [2, 3, 4, 5] }, { dims: [1, 2, 3, 4, 5, 6] }])(
    'refuses $dims and names the shape',
    ({ dims }) => {
      const g = new GraphBuilder('lif');
      const current = g.input('current', 'float32', dims);
      expect(() => lif(g, current)).toThrow(
        `expected [B, T, C, H, W] or [B, T, D], received [${dims.join(', ')}]`,
      );
    },
  );

  it('refuses a number of steps that is not fixed', () => {
    const g = new GraphBuilder('lif');
    const current = g.input('current', 'float32', ['batch', 'steps', 3]);
    expect(() => lif(g, current)).toThrow("received 'steps'");
  });
});

describe('trainable β', () => {
  const dims = [1, 5, 3];

  /** Loss Σ membrane, without spikes in the way: differentiable in β in the ordinary sense. */
  async function membraneSum(beta: number, current: Tensor) {
    const g = new GraphBuilder('beta');
    const value = g.input('beta', 'float32', []);
    const options = { beta: value, threshold: 1e6, surrogate };
    const loss = g.reduceSum(lif(g, g.input('current', 'float32', dims), options).membrane, [0, 1, 2]);
    const [slope] = gradients(g, loss, [value]);
    if (slope) g.output(slope, 'slope');
    g.output(loss, 'loss');
    const outputs = await runGraph(g, { beta: tensorOf([], [beta]), current });
    return {
      loss: at(outputOf(outputs, 'loss').data, 0),
      slope: at(outputOf(outputs, 'slope').data, 0),
    };
  }

  it('gives the same spikes as the fixed β of that value', async () => {
    const current = normalTensor(Random.fromSeed(9), dims);
    const g = new GraphBuilder('beta');
    const options = { beta: g.input('beta', 'float32', []), threshold: 0.1, surrogate };
    g.output(lif(g, g.input('current', 'float32', dims), options).spikes, 'spikes');
    const outputs = await runGraph(g, { beta: tensorOf([], [0.7]), current });
    expect(outputOf(outputs, 'spikes').data).toHaveSameBits(
      lifReference(current, { beta: 0.7, threshold: 0.1 }).spikes,
    );
  });

  it('receives the gradient that finite differences give', async () => {
    const current = normalTensor(Random.fromSeed(10), dims);
    const { slope } = await membraneSum(0.7, current);
    const step = 0.01;
    const [above, below] = [await membraneSum(0.7 + step, current), await membraneSum(0.7 - step, current)];
    const numeric = (above.loss - below.loss) / (2 * step);
    expect(Math.abs(numeric)).toBeGreaterThan(0.1);
    // Third derivative of a polynomial of degree 5 times h²/6, and rounding 1e-7/h.
    expect([slope]).toBeAllClose([numeric], { absolute: 2e-3, relative: 1e-3 });
  });

  it('receives a gradient through spikes too', async () => {
    const g = new GraphBuilder('beta');
    const beta = g.input('beta', 'float32', []);
    const options = { beta, threshold: 0.1, surrogate };
    const spikes = lif(g, g.input('current', 'float32', dims), options).spikes;
    gradients(g, g.reduceSum(spikes, [0, 1, 2]), [beta]).forEach((slope) => g.output(slope, 'slope'));
    const current = normalTensor(Random.fromSeed(11), dims);
    const { slope } = await runGraph(g, { beta: tensorOf([], [0.7]), current });
    expect(Math.abs(at(slope?.data ?? [], 0))).toBeGreaterThan(1e-3);
  });
});
