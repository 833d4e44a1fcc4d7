import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recordResult } from '#bench/record.js';
import { formatBench } from '#bench/report.js';
import { runBench } from '#bench/run.js';
import { convolutionFlops } from '#bench/training.js';
import { parseTrainConfig } from '#train/config.js';
import { MODEL_NAME, temporaryModels } from '../demo/helpers/model-repository.js';

const models = temporaryModels();
afterAll(() => models.remove());

test('operations of a network counted by hand', () => {
  const { network } = parseTrainConfig({
    name: 'x',
    version: '1',
    network: { channels: 2, timeSteps: 3, dilations: [[1, 1]], readoutWidth: 5 },
  });
  const flops = (config: typeof network) => convolutionFlops(config, { batch: 1, nSym: 1, nSc: 1 });
  // One more block of 2 → 2 channels: 3 steps, 9·2·2 multiply-accumulates, forward and two gradients, 2 each.
  const deeper = {
    ...network,
    dilations: [...network.dilations, ...network.dilations],
  };
  expect(flops(deeper) - flops(network)).toBe(2 * 3 * 3 * 9 * 2 * 2);
  expect(convolutionFlops(network, { batch: 4, nSym: 14, nSc: 48 })).toBe(4 * 14 * 48 * flops(network));
});

test('one short run has every figure, a table and a record', async () => {
  const result = await runBench(
    {
      modelsDir: models.directory,
      model: MODEL_NAME,
      version: '1',
      workers: 1,
      batch: 4,
      gridsPerMessage: 4,
      inFlight: 16,
      repeats: 1,
      seconds: 0.3,
      shapes: [{ nSym: 14, nSc: 24 }],
      seed: 1,
      trainingBatch: 1,
      trainingSteps: 1,
      onProgress: () => undefined,
    },
    new Date('2026-01-02T03:04:05Z'),
  );
  expect(numbersIn(result).filter(({ value }) => !Number.isFinite(value) || value < 0)).toEqual([]);
  expect(result.throughput[0]).toMatchObject({ shape: '14x24', failures: 0 });
  expect(result.throughput[0]?.grpcGridsPerSecond).toBeGreaterThan(0);
  expect(result.batching.meanBatch).toBeGreaterThan(1);
  expect(result.session.map(({ batch }) => batch)).toEqual([1, 8, 16]);
  expect(formatBench(result)).toContain('against the bare runtime');

  const directory = mkdtempSync(join(tmpdir(), 'spikingrx-bench-'));
  writeFileSync(join(directory, 'README.md'), '| result |\n|---|\n');
  const path = recordResult(result, 'check', directory);
  expect(path).toBe(join(directory, 'results', '2026-01-02-check.json'));
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(result);
  const history = readFileSync(join(directory, 'README.md'), 'utf8').trim().split('\n');
  expect(history.at(-1)).toMatch(/^\| \[2026-01-02-check\.json\]\(results\/2026-01-02-check\.json\) \|/);
  rmSync(directory, { recursive: true });
}, 60_000);

/** Every number of a nested value, with its path. */
function numbersIn(value: unknown, path = ''): { path: string; value: number }[] {
  if (typeof value === 'number') return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => numbersIn(entry, `${path}.${key}`));
}
