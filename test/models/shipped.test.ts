import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { relativeError } from '#engine/model-check.js';
import { createSession } from '#engine/session.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { readModelContract } from '#onnx/contract.js';
import { type GoldenGrid, decodeGolden } from '#onnx/golden.js';
import { loadCheckpoint, networkOf } from '#train/checkpoint.js';
import { loadTrainConfig } from '#train/config.js';
import { makeGolden } from '#train/golden.js';
import { shipped } from './helpers/shipped.js';

it('ships receivers for QPSK, 16QAM and 64QAM with two antennas, and for QPSK and 16QAM with one', () => {
  const names = shipped.map(({ name }) => name);
  for (const kind of ['qpsk-2rx', '16qam-2rx', '64qam-2rx', 'qpsk-1rx', '16qam-1rx'])
    expect(names).toContain(`spikingrx-${kind}`);
});

/** How far a model's LLRs of a grid are from those that come with it. */
async function errorOn(model: Uint8Array, { nRx, nSym, nSc, rxGrid, dmrs, llr }: GoldenGrid) {
  const session = await createSession(model);
  const outputs = await session.run({
    rx_grid: { type: 'float32', data: rxGrid, dims: [1, 2 * nRx, nSym, nSc] },
    dmrs: { type: 'float32', data: dmrs, dims: [1, 2, nSym, nSc] },
  });
  await session.release();
  return relativeError(outputs['llr']?.data as Float32Array, llr);
}

describe.each(shipped)('$name, version $version', ({ name, version, folder }) => {
  const directory = join(folder, version);
  const file = readFileSync(join(directory, 'model.onnx'));
  const config = loadTrainConfig(join(directory, 'train.yaml'));

  it('is the export of its checkpoint, and that of its configuration', () => {
    const checkpoint = loadCheckpoint(join(directory, 'checkpoint.bin'));
    expect(config).toMatchObject({ name, version });
    expect(checkpoint.config).toEqual(config);
    expect(checkpoint.step).toBe(config.optimiser.steps);
    const { training } = readModelContract(file).config as { training: Record<string, unknown> };
    expect(training).toMatchObject({ steps: checkpoint.step, seed: config.seed });
    const identity = { name, version, training };
    expect(Buffer.compare(encodeServiceModel(networkOf(checkpoint), identity), file)).toBe(0);
  });

  it('gives the LLRs of its golden grids, and no other model does', async () => {
    if (!folder.startsWith('models')) return; // those that figures compare with are not served
    const grids = decodeGolden(readFileSync(join(directory, 'golden.json'), 'utf8'));
    expect(grids.map(({ nSc }) => nSc)).toEqual([12, 12, 12, 48]);
    const made = await makeGolden(file);
    for (const [i, grid] of grids.entries()) {
      const again = made[i] as GoldenGrid;
      expect(relativeError(again.rxGrid, grid.rxGrid)).toBeLessThan(1e-3); // the command writes this very file
      expect(relativeError(again.llr, grid.llr)).toBeLessThan(1e-3);
    }
    const others = shipped.filter((other) => other.folder.startsWith('models') && other.name !== name);
    for (const other of others) {
      const theirs = decodeGolden(readFileSync(join(other.folder, other.version, 'golden.json'), 'utf8'));
      const [grid, reference] = [grids[0] as GoldenGrid, theirs[0] as GoldenGrid];
      if (grid.nRx !== reference.nRx || grid.bitsPerSymbol !== reference.bitsPerSymbol) continue;
      // The service allows 0.001 on the CPU.
      expect(await errorOn(file, reference), other.name).toBeGreaterThan(0.03);
    }
  });

  it('can be trained again from what is here, and shows its course', () => {
    if (config.startFrom !== undefined) expect(existsSync(join(directory, config.startFrom))).toBe(true);
    const steps = readFileSync(join(directory, 'train-log.csv'), 'utf8').trim().split('\n').at(-1);
    expect(Number(steps?.split(',')[0])).toBe(config.optimiser.steps);
    for (const path of [join(directory, 'figures', 'training.svg'), join(folder, 'README.md')])
      expect(existsSync(path)).toBe(true);
  });
});
