import { describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { parseTrainingLog, renderTrainingCurve } from '#train/curve.js';

const LOG = [
  'step,loss,bit_error_rate,gradient_norm,learning_rate,firing_rate_stem,firing_rate_block1',
  '50,0.6,0.3,0.2,0.001,0.22,0.2',
  '100,0.2,0.09,0.1,0.002,0.25,0.18',
  '150,0.15,0.07,0.1,0.002,0.26,0.17',
  '',
].join('\n');

/** Corners of every open path in a figure of curves. */
function polylines(svg: string): [number, number][][] {
  return [...svg.matchAll(/<path d="M([^"Z]+)" fill="none"/g)].map(([, path = '']) =>
    path.split('L').map((corner) => corner.trim().split(/[ ,]/).map(Number) as [number, number]),
  );
}

describe('a training log', () => {
  it('is read by column', () => {
    const log = parseTrainingLog(LOG);
    expect(log.get('step')).toEqual([50, 100, 150]);
    expect(log.get('firing_rate_block1')).toEqual([0.2, 0.18, 0.17]);
  });

  it.each([
    ['step,loss\n1,2', "log: expected a column 'bit_error_rate', received step,loss"],
    [`${LOG}200,0.1`, 'log: expected 7 numbers in line 5, received 200,0.1'],
    [LOG.replace('0.09', 'x'), 'log: expected 7 numbers in line 3, received 100,0.2,x'],
  ])('that is none is refused: %j', (text, message) => {
    expect(() => parseTrainingLog(text)).toThrow(SpikingRxError);
    expect(() => parseTrainingLog(text)).toThrow(message);
  });
});

describe('a training curve', () => {
  const svg = renderTrainingCurve(parseTrainingLog(LOG), { title: 'Training of tiny', scheme: 'light' });

  it('names what it draws', () => {
    for (const text of ['Training of tiny', 'loss (nats a bit)', 'bit error rate', 'stem', 'block1', 'step'])
      expect(svg).toContain(`>${text}</text>`);
    expect(svg).toContain('spikes per neuron and step');
    const analog = renderTrainingCurve(parseTrainingLog(LOG), { title: 'x', activation: 'relu' });
    expect(analog).toContain('share of active ReLUs');
  });

  it('draws a curve for each column, on the scale of its axis', () => {
    const curves = polylines(svg).filter((corners) => corners.length === 3);
    expect(curves).toHaveLength(4);
    const heights = curves.map((corners) => corners.map(([, y]) => y));
    // Down the page is down the scale, and the two decades of the upper panel are 250 pixels.
    const [loss = [], ber = [], stem = []] = heights;
    expect((loss[1] ?? 0) - (loss[0] ?? 0)).toBeCloseTo((250 / 2) * Math.log10(0.6 / 0.2), 0);
    expect((ber[1] ?? 0) - (loss[1] ?? 0)).toBeCloseTo((250 / 2) * Math.log10(0.2 / 0.09), 0);
    expect(stem[0]).toBeGreaterThan(stem[1] ?? Infinity);
    const [first = [0], second = [0], third = [0]] = curves[0] ?? [];
    expect(second[0] - first[0]).toBeCloseTo(third[0] - second[0], 0);
  });
});
