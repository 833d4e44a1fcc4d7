import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usualCases } from '#evaluate/cases.js';
import { localRunner } from '#evaluate/chunk.js';
import { evaluateReceivers } from '#evaluate/evaluate.js';
import { conventionalReceiver, ModelReceiver } from '#evaluate/receivers.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { readModelContract } from '#onnx/contract.js';
import { loadCheckpoint, networkOf } from '#train/checkpoint.js';
import { loadTrainConfig } from '#train/config.js';

const NAME = 'spikingrx-qpsk-2rx';
const DIRECTORY = join('models', NAME, '1');
const SEED = 77;

describe(NAME, () => {
  const file = readFileSync(join(DIRECTORY, 'model.onnx'));
  const config = loadTrainConfig(join(DIRECTORY, 'train.yaml'));

  it('is the export of its checkpoint, and that of its configuration', () => {
    const checkpoint = loadCheckpoint(join(DIRECTORY, 'checkpoint.bin'));
    expect(checkpoint.config).toEqual(config);
    expect(checkpoint.step).toBe(config.optimiser.steps);
    const { training } = readModelContract(file).config as { training: Record<string, unknown> };
    expect(training).toMatchObject({ steps: checkpoint.step, seed: config.seed });
    const identity = { name: NAME, version: '1', training };
    expect(Buffer.compare(encodeServiceModel(networkOf(checkpoint), identity), file)).toBe(0);
  });

  it('has fewer bit errors than LS + LMMSE, one and two DMRS symbols, slow and fast, at −4, 6 and 16 dB', async () => {
    const model = await ModelReceiver.load('SpikingRx', file);
    const points = await evaluateReceivers({
      runner: localRunner([model, conventionalReceiver('ls-lmmse'), conventionalReceiver('perfect-csi')]),
      cases: usualCases(config.data),
      snrsDb: [-4, 6, 16],
      link: { modulation: 'QPSK', nRx: 2 },
      slots: 192,
      seed: SEED,
    });
    expect(points).toHaveLength(12);
    for (const { receivers } of points) {
      const [ours = 0, ls = 0, bound = 0] = receivers.map(({ bitErrorRate }) => bitErrorRate);
      // Over 2,000 slots a point it makes 0.23 (16 dB, one symbol, fast) to 0.76 (−4 dB) of the errors.
      expect(ours).toBeLessThan(0.9 * ls);
      expect(ours).toBeGreaterThanOrEqual(bound);
    }
    await model.release();
  });

  it('is served with a card', () => {
    expect(readdirSync(join('models', NAME))).toContain('README.md');
  });
});
