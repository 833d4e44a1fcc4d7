import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CLIENT_KINDS, LATENCY_CLASSES } from '#soak/load.js';
import type { SoakOptions } from '#soak/options.js';
import { formatSoak, writeSoak } from '#soak/report.js';
import { isSound, type SoakResult } from '#soak/result.js';
import { runSoak } from '#soak/run.js';
import { temporaryModels } from '../demo/helpers/model-repository.js';
import { startTestService } from '../server/helpers/service.js';

const models = temporaryModels();
const folder = mkdtempSync(join(tmpdir(), 'spikingrx-soak-'));
afterAll(() => {
  models.remove();
  rmSync(folder, { recursive: true });
});

const OPTIONS: SoakOptions = {
  serviceFlags: ['--models-dir', models.directory, '--workers', '1'],
  seconds: 2,
  warmUpSeconds: 0.3,
  load: { gridsPerSecond: 40 },
  calibrationSeconds: 0.3,
  prbs: [1, 4, 12],
  clients: CLIENT_KINDS,
  highPriority: 0.3,
  threads: 2,
  timeoutMs: 10_000,
  seed: 3,
  onProgress: () => undefined,
};

function expectNothingLost(result: SoakResult): void {
  const { arrived, outcomes, lost, surplus, differing, heldAfter } = result;
  expect({ lost, surplus, differing, heldAfter }).toEqual({
    lost: 0,
    surplus: 0,
    differing: 0,
    heldAfter: { grids: 0, bytes: 0, inFlight: 0 },
  });
  expect(isSound(result)).toBe(true);
  expect(outcomes).toEqual({ OK: arrived });
  expect(result.latency.all.count).toBe(arrived);
}

describe('a short run', () => {
  test('of Poisson arrivals from every kind of client loses nothing, and reports', async () => {
    const result = await runSoak(OPTIONS, new Date('2026-01-02T03:04:05Z'));
    expectNothingLost(result);
    // 80 expected, a Poisson count: 5 standard deviations either way.
    expect(result.arrived).toBeGreaterThan(35);
    expect(result.arrived).toBeLessThan(125);
    expect(Object.keys(result.latency.byClass)).toEqual([...LATENCY_CLASSES]);
    expect(result.seconds.reduce((sum, { answered }) => sum + answered, 0)).toBe(result.arrived);
    expect(result.memory.samples.length).toBeGreaterThan(1);
    expect(Math.min(...result.memory.samples.map(({ rssBytes }) => rssBytes))).toBeGreaterThan(2 ** 20);
    expect(formatSoak(result)).toContain('sound: every grid had exactly one outcome');
    const [json = '', page = '', ...figures] = writeSoak(result, folder, 'check');
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(result);
    expect(readFileSync(page, 'utf8').match(/<svg/g)).toHaveLength(4);
    expect(readFileSync(page, 'utf8')).not.toMatch(/(?:src|href)="|NaN/);
    expect(figures.map((path) => path.slice(folder.length + 1))).toEqual([
      'check-percentiles.svg',
      'check-latency.svg',
      'check-throughput.svg',
      'check-memory.svg',
    ]);
  });

  test('in slots, at a share of the highest load, against a service that runs already', async () => {
    const service = await startTestService({ workers: 1 });
    const result = await runSoak(
      {
        ...OPTIONS,
        service: { baseUrl: service.url, target: service.target },
        load: { share: 0.2 },
        calibrationSeconds: 0.2,
        threads: 1,
        seconds: 1,
        deadlineMs: 20_000,
        slots: { numerology: 1, cells: 2, jitterMs: 0.2, phase: 'aligned' },
      },
      new Date(),
    );
    await service.close();
    expectNothingLost(result);
    const highest = Math.max(...result.calibration.map(({ gridsPerSecond }) => gridsPerSecond));
    expect(result.load.gridsPerSecond).toBeLessThanOrEqual(0.2 * highest);
    expect(result.load.arrivals).toMatchObject({ kind: 'slots', cells: 2, numerology: 1 });
  });
});

test('a service that goes away is told as errors, not as loss', async () => {
  const service = await startTestService({ workers: 1 });
  const progress = { told: 0 };
  const result = await runSoak(
    {
      ...OPTIONS,
      threads: 1,
      service: { baseUrl: service.url, target: service.target },
      onProgress: () => {
        progress.told += 1;
        // The first line is before the load, the second at the end of its first second.
        if (progress.told === 2) void service.server.close();
      },
    },
    new Date(),
  );
  await service.close();
  expect(result).toMatchObject({ lost: 0, surplus: 0, differing: 0 });
  const { OK = 0, UNAVAILABLE = 0, ...others } = result.outcomes;
  expect(others).toEqual({});
  expect(OK).toBeGreaterThan(0);
  expect(UNAVAILABLE).toBeGreaterThan(0);
  expect(isSound(result)).toBe(false); // nobody can say what it holds
});

test('a service that is not there is said so', async () => {
  const service = await startTestService({ workers: 1 });
  await service.close();
  const absent = { baseUrl: service.url, target: service.target };
  await expect(runSoak({ ...OPTIONS, service: absent }, new Date())).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});
