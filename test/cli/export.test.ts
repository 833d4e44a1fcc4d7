import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { exportCommand } from '#cli/export.js';
import { createSession } from '#engine/session.js';
import { initialCheckpoint, saveCheckpoint } from '#train/checkpoint.js';
import { tinyTraining } from '../support/training.js';

const models = mkdtempSync(join(tmpdir(), 'spikingrx-export-'));
const checkpoint = join(models, 'checkpoint.bin');
saveCheckpoint(checkpoint, initialCheckpoint(tinyTraining()));
const folder = join(models, 'tiny', '1');
const log = vi.spyOn(console, 'log').mockReturnValue();
afterEach(() => log.mockClear());
afterAll(() => {
  log.mockRestore();
  rmSync(models, { recursive: true });
});
const exported = (...flags: string[]) =>
  exportCommand()
    .exitOverride()
    .parseAsync(['--checkpoint', checkpoint, '--models', models, ...flags], { from: 'user' });

describe('spikingrx export', () => {
  it('writes the lean service graph alone, unless asked for more', async () => {
    await exported();
    expect(log.mock.calls).toEqual([[join(folder, 'model.onnx')]]);
    const session = await createSession(join(folder, 'model.onnx'));
    expect(session.outputs.map(({ name }) => name)).toEqual(['llr']);
    expect(existsSync(join(folder, 'taps.onnx'))).toBe(false);
  });

  it('writes a copy with taps beside it on request', async () => {
    const lean = readFileSync(join(folder, 'model.onnx'));
    await exported('--taps', 'membrane,spikes');
    expect(log.mock.calls.flat()).toEqual([join(folder, 'model.onnx'), join(folder, 'taps.onnx')]);
    expect(readFileSync(join(folder, 'model.onnx'))).toEqual(lean);
    const { outputs } = await createSession(join(folder, 'taps.onnx'));
    expect(outputs.map(({ name }) => name).toSorted()).toEqual(
      [
        'llr',
        ...['stem', 'block1'].flatMap((layer) =>
          [0, 1].flatMap((step) => ['membrane', 'spikes'].map((kind) => `tap/${layer}/${step}/${kind}`)),
        ),
      ].toSorted(),
    );
  });

  it('refuses taps that there are none of before it writes anything', async () => {
    await expect(exported('--taps', 'spikes,currents')).rejects.toThrow(
      '--taps: expected some of input, drive',
    );
    expect(log.mock.calls).toEqual([]);
  });
});
