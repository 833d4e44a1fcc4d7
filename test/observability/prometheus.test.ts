import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasTool } from '../helpers/tools.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { queries } from './helpers/dashboard.js';
import { scrape } from './helpers/metrics-text.js';
import { Prometheus } from './helpers/prometheus.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Panels about what does not happen in this test. */
const WITHOUT_DATA = new Set([
  'Certificate ends in',
  'Credentials read again',
  'Model versions in other states',
]);

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ workers: 1 });
});
afterAll(async () => service.close());

/** A little of everything that leaves a trace in the metrics. */
let rounds = 0;
async function traffic(): Promise<void> {
  const [a, b] = [`a${++rounds}`, `b${rounds}`];
  await service.rest.computeJson([grid({ id: a }), grid({ id: b })]);
  await service.grpc.compute([grid()]);
  await service.rest.compute([grid()], { output: { datatype: 'i8' } });
  await service.rest.compute([grid()], { model: 'nobody' }).catch(() => undefined);
  const urgent = { ...grid(), deadlineUs: 5_000_000 };
  for await (const answer of service.grpc.stream([urgent])) expect(answer.error).toBeUndefined();
  await service.rest.reportDecode([
    { id: a, crcOk: true },
    { id: b, crcOk: false },
  ]);
}

describe.skipIf(!hasTool('promtool'))('promtool', () => {
  test('has nothing to say of the metrics', async () => {
    await traffic();
    const text = await scrape(service.url);
    expect(execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('');
  });

  test('would say so: a counter without its ending is found', () => {
    const text = '# HELP spikingrx_things Things\n# TYPE spikingrx_things counter\nspikingrx_things 1\n';
    const check = (): string =>
      execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' });
    expect(check).toThrow('counter metrics should have "_total" suffix');
  });
});

describe.skipIf(!hasTool('prometheus'))('a Prometheus that scrapes the service', () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await Prometheus.start(service.url.replace('http://', ''));
    // Rates see what changes between scrapes.
    await traffic();
    await prometheus.scraped(2);
    await traffic();
    await prometheus.scraped(4);
  });
  afterAll(async () => prometheus.stop());

  test('finds it up, and counts what was served', async () => {
    expect(await prometheus.query('up')).toMatchObject([{ metric: { job: 'spikingrx' }, value: 1 }]);
    const grids = await prometheus.query('sum by (code) (spikingrx_model_grids_total)');
    expect(grids).toMatchObject([{ metric: { code: 'OK' }, value: expect.toSatisfy((n: number) => n >= 4) }]);
    expect(await prometheus.query('scrape_samples_scraped')).toMatchObject([
      { value: expect.toSatisfy((n: number) => n > 100 && n < 2000) },
    ]);
  });

  const page = readFileSync(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
  const documented = [...page.matchAll(/```promql\n([^]*?)```/g)].flatMap(([, block]) =>
    String(block)
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('#')),
  );
  test('is asked every query of docs/reference/metrics.md', () =>
    expect(documented.length).toBeGreaterThan(8));
  test.each(documented)('%s', async (query) => {
    // A scrape that is late on a busy machine leaves nothing to be found until the next one.
    const samples = await vi.waitFor(async () => {
      const found = await prometheus.query(query);
      expect(found.length).toBeGreaterThan(0);
      return found;
    }, 10_000);
    for (const { value } of samples) expect(value).toBeGreaterThanOrEqual(0);
  });

  test('is asked every query of the dashboard, and knows of each what it is about', async () => {
    const empty = new Set<string>();
    for (const { title, expr } of queries) if ((await prometheus.query(expr)).length === 0) empty.add(title);
    expect(empty).toEqual(WITHOUT_DATA);
  });
});
