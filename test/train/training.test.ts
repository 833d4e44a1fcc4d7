import { describe, expect, it } from 'vitest';
import { initialCheckpoint } from '#train/checkpoint.js';
import { type StepReport, Trainer } from '#train/trainer.js';
import { tinyTraining } from '../support/training.js';

function meanOf(reports: readonly StepReport[], value: (report: StepReport) => number): number {
  return reports.reduce((sum, report) => sum + value(report), 0) / reports.length;
}

async function train(trainer: Trainer, steps: number): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for (let i = 0; i < steps; i++) reports.push(await trainer.step());
  await trainer.release();
  return reports;
}

describe('a short training', () => {
  it('lowers the loss and with it the bit error rate on ever new slots', async () => {
    const trainer = new Trainer(initialCheckpoint(tinyTraining({ optimiser: { steps: 80 } })));
    const reports = await train(trainer, 80);
    const [start, end] = [reports.slice(0, 5), reports.slice(-20)];
    expect(meanOf(start, (r) => r.loss)).toBeGreaterThan(0.5);
    expect(meanOf(end, (r) => r.loss)).toBeLessThan(0.6 * meanOf(start, (r) => r.loss));
    expect(meanOf(end, (r) => r.bitErrorRate)).toBeLessThan(0.5 * meanOf(start, (r) => r.bitErrorRate));
    expect(trainer.checkpoint.step).toBe(80);
    // Every layer lives.
    expect(Math.min(...(reports.at(-1)?.firingRates ?? []))).toBeGreaterThan(0.01);
  });

  it('draws the batch of a step from the seed and the step’s number alone', async () => {
    const [first] = await train(new Trainer(initialCheckpoint(tinyTraining())), 1);
    const [again] = await train(new Trainer(initialCheckpoint(tinyTraining())), 1);
    const [other] = await train(new Trainer(initialCheckpoint(tinyTraining({ seed: 4 }))), 1);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const later = { ...initialCheckpoint(tinyTraining()), step: 1 };
    expect((await train(new Trainer(later), 1))[0]?.loss).not.toBe(first?.loss);
  });

  it('stops at a loss that is no number, with the state as it was', async () => {
    const start = initialCheckpoint(tinyTraining());
    start.state.parameters.fill(Number.NaN);
    const trainer = new Trainer(start);
    await expect(trainer.step()).rejects.toThrow('step 1: loss NaN');
    await expect(trainer.step()).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(trainer.checkpoint).toBe(start);
    await trainer.release();
  });

  it('serves scenarios of several widths in one run', async () => {
    const trainer = new Trainer(
      initialCheckpoint(tinyTraining({ data: { nPrb: [1, 2] }, optimiser: { batch: 2 } })),
    );
    const reports = await train(trainer, 6);
    expect(reports.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });
});
