import { describe, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import { TriangularSurrogate } from '#nn/surrogate.js';
import { GraphBuilder } from '#onnx/builder.js';
import { expect } from '../support/matchers.js';
import { outputOf, runGraph, tensorOf } from '../support/run-graph.js';

const POINTS = [-3, -1, -0.6, -0.2, -1e-6, 0, 1e-6, 0.3, 0.7, 1, 2.5];

async function spikeAndSlope(width: number) {
  const g = new GraphBuilder('spike');
  const x = g.input('x', 'float32', [POINTS.length]);
  const spikes = new TriangularSurrogate(width).apply(g, x);
  gradients(g, g.reduceSum(spikes, [0]), [x]).forEach((slope) => g.output(slope, 'slope'));
  g.output(spikes, 'spikes');
  const outputs = await runGraph(g, { x: tensorOf([POINTS.length], POINTS) });
  return { spikes: outputOf(outputs, 'spikes').data, slope: outputOf(outputs, 'slope').data };
}

describe('TriangularSurrogate', () => {
  it.each([0.5, 1, 2])('fires 0 or 1 forward and passes σ′ backward, a = %d', async (width) => {
    const { spikes, slope } = await spikeAndSlope(width);
    expect([...spikes]).toEqual(POINTS.map((x) => (x >= 0 ? 1 : 0)));
    const expected = POINTS.map((x) => Math.max(0, 1 - Math.abs(x) / width) / width);
    expect(slope).toBeAllClose(expected, { absolute: 1e-6 });
  });

  it.each([0.5, 1, 2])('has the derivative of its primitive, a = %d', (width) => {
    const surrogate = new TriangularSurrogate(width);
    const h = 1e-5;
    for (const x of POINTS) {
      const slope = (surrogate.primitive(x + h) - surrogate.primitive(x - h)) / (2 * h);
      // At the kinks (0, ±a) the central difference is off by h/(2a²).
      expect(Math.abs(slope - surrogate.derivative(x))).toBeLessThan(h / width ** 2);
    }
    expect(surrogate.primitive(-width)).toBe(0);
    expect(surrogate.primitive(0)).toBe(0.5);
    expect(surrogate.primitive(width)).toBe(1);
  });

  it.each([0.3, 1, 4])('integrates to 1, a = %d', (width) => {
    const surrogate = new TriangularSurrogate(width);
    const n = 2000;
    const dx = (4 * width) / n;
    let area = 0;
    for (let i = 0; i < n; i++) area += surrogate.derivative(-2 * width + (i + 0.5) * dx) * dx;
    // The midpoint rule is exact on straight pieces whose ends lie on the grid, as here.
    expect(area).toBeCloseTo(1, 10);
  });

  it('follows a change of units: σ′ in units of θ is θ times as large', () => {
    const surrogate = new TriangularSurrogate(1);
    const scaled = surrogate.inUnitsOf(0.5);
    for (const x of POINTS) expect(scaled.derivative(x / 0.5)).toBeCloseTo(0.5 * surrogate.derivative(x), 12);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a width of %d', (width) => {
    expect(() => new TriangularSurrogate(width)).toThrow(`expected a positive number, received ${width}`);
  });
});
