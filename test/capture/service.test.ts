import { execFile } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientGrid } from '#client/index.js';
import { captureFiles, readCaptures } from '#replay/read.js';
import { replay, type ReplayOptions } from '#replay/run.js';
import { isFaithful, type ReplayReport } from '#replay/tally.js';
import { encodeCaptured, type CapturedGridMessage } from '#wire/bulk/captured.js';
import { DMRS_CONFIG, grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const NEVER = new AbortController().signal;
/** No file is cut off. */
const WHOLE = { onTruncated: (path: string): void => expect.unreachable(path) };

const folder = mkdtempSync(join(tmpdir(), 'spikingrx-capture-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Grids of several shapes and forms of DMRS. */
const grids: readonly ClientGrid[] = [
  grid({ id: 'a', seed: 1 }),
  { ...grid({ id: 'b', seed: 2, nSc: 48 }), dmrs: { config: DMRS_CONFIG } },
  grid({ id: 'c', seed: 3, nSym: 12 }),
];
const OUTPUTS = [
  {},
  { datatype: 'i8', scale: 8, polarity: 'p1_over_p0' },
  { datatype: 'f16', layout: 'grid' },
] as const;

async function stream(service: TestService, options: object): Promise<void> {
  for await (const { error } of service.grpc.stream([grids], options)) expect(error).toBeUndefined();
}

async function all(dir: string): Promise<CapturedGridMessage[]> {
  const records: CapturedGridMessage[] = [];
  for await (const record of readCaptures(await captureFiles([dir]), WHOLE)) records.push(record);
  return records;
}

describe('capture and replay', () => {
  const dir = join(folder, 'all');
  const startedS = Date.now() / 1000;
  let service: TestService;

  beforeAll(async () => {
    const capturing = await startTestService({ captureDir: dir, captureSample: 1 });
    for (const output of OUTPUTS) {
      await capturing.rest.computeJson(grids, { output });
      await capturing.rest.compute(grids, { output });
      await capturing.grpc.compute(grids, { output });
      await stream(capturing, { output, version: '1' });
    }
    const bad = { ...grid(), rx: { ...grid().rx, shape: [9, 9, 9] } };
    await capturing.grpc.compute([bad]).catch(() => undefined);
    await capturing.close();
    service = await startTestService();
  });
  afterAll(async () => service.close());

  async function again(change: Partial<ReplayOptions> = {}): Promise<ReplayReport> {
    return replay(readCaptures(await captureFiles([dir]), WHOLE), {
      client: service.grpc,
      pace: 'max',
      speed: 1,
      periodUs: 500,
      window: 8,
      tolerance: 0,
      signal: NEVER,
      ...change,
    });
  }

  async function command(...flags: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const args = [MAIN, 'replay', '--target', service.target, ...flags];
    return new Promise((resolve) => {
      execFile(process.execPath, args, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  }

  test('every answered grid is there, as it was sent and answered, in files for their owner alone', async () => {
    const records = await all(dir);
    expect(records).toHaveLength(OUTPUTS.length * 4 * grids.length);
    for (const { request, result, receivedS, receivedUs, transport } of records) {
      expect(['rest', 'grpc']).toContain(transport);
      expect(receivedS + receivedUs / 1e6).toBeGreaterThan(startedS - 1);
      expect(receivedS + receivedUs / 1e6).toBeLessThan(Date.now() / 1000 + 1);
      const [sent] = request!.grids!;
      // By shape, because binary requests over REST name grids by number.
      const original = grids.find(({ rx }) => rx.shape.join() === sent!.rx!.shape!.join())!;
      expect(Buffer.from(sent!.rx!.data!)).toEqual(Buffer.from((original.rx.data as Float32Array).buffer));
      expect(sent!.rx!.shape).toEqual(original.rx.shape);
      expect(sent!.dmrsConfig === null).toBe(!('config' in original.dmrs));
      expect(result).toMatchObject({ id: sent!.id, model: 'random', version: request!.version, error: null });
      expect(result!.provenance!.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(result!.quality!.meanAbsLlr).toBeGreaterThan(0);
    }
    const [file] = readdirSync(dir);
    expect(file).toMatch(/^[\d-]+T[\d-]+Z-\d{6}\.capture$/);
    expect(statSync(join(dir, file!)).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test('another service of the same models answers bit by bit the same, at every pace', async () => {
    const sent = OUTPUTS.length * 4 * grids.length;
    for (const pace of ['max', 'periodic', 'original'] as const) {
      const report = await again({ pace, speed: 20 });
      expect(report).toMatchObject({ sent, identical: sent, different: 0, errors: {}, otherModelFile: 0 });
      expect(isFaithful(report)).toBe(true);
      expect(report.latencyMs!.p50).toBeGreaterThan(0);
      expect(report.lateMs === null).toBe(pace === 'max');
    }
  });

  test('the period is kept', async () => {
    const start = performance.now();
    const { sent } = await again({ pace: 'periodic', periodUs: 10_000 });
    expect(performance.now() - start).toBeGreaterThan((sent - 1) * 10);
  });

  test('another version is seen to answer otherwise, within its distance or beyond it', async () => {
    const report = await again({ version: '1' });
    expect(report.otherModelFile).toBe(OUTPUTS.length * 3 * grids.length);
    expect(report).toMatchObject({ identical: OUTPUTS.length * grids.length, close: 0 });
    expect(report.different).toBe(report.otherModelFile);
    const tolerance = report.largestDifference!;
    expect(tolerance).toBeGreaterThan(0);
    expect(await again({ version: '1', tolerance })).toMatchObject({ different: 0, close: report.different });
  });

  test('errors are counted by code; a service that is gone ends the replay', async () => {
    expect(await again({ model: 'nobody' })).toMatchObject({ errors: { NOT_FOUND: 36 }, identical: 0 });
    const stopped = new AbortController();
    stopped.abort(new Error('enough'));
    await expect(again({ signal: stopped.signal })).rejects.toThrow('enough');
  });

  test('the command says so, and ends with 1 where an answer is another', async () => {
    const same = await command(dir, '--pace', 'max');
    expect(same).toMatchObject({ code: 0, err: '' });
    expect(same.out).toMatch(/LLRs identical {6}36\n/);
    const other = await command(dir, '--pace', 'max', '--model-version', '1', '--json');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out)).toMatchObject({ sent: 36, identical: 9, different: 27 });
    expect((await command(folder)).err).toMatch(/no captures in/);
  });

  test('a file that a crash cut off is read up to there; one of something else is refused', async () => {
    const cut = mkdtempSync(join(folder, 'cut-'));
    const [file] = await captureFiles([dir]);
    const copy = join(cut, 'left.capture.part');
    writeFileSync(copy, '');
    for await (const record of readCaptures([file!], WHOLE)) {
      appendFileSync(copy, Buffer.concat(encodeCaptured(record)));
    }
    expect(statSync(copy).size).toBe(statSync(file!).size);
    truncateSync(copy, statSync(copy).size - 5);
    const { code, out, err } = await command(cut, '--pace', 'max', '--json');
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 0, sent: 35, identical: 35 });
    expect(err).toMatch(/left\.capture\.part: ends within a record; its last \d+ bytes are left out/);
    writeFileSync(join(cut, 'z.capture'), 'something else '.repeat(50));
    expect(await command(cut, '--pace', 'max')).toMatchObject({ code: 2 });
  });
});

describe('what is captured', () => {
  test('a share of the grids; nothing without captureDir', async () => {
    const dir = join(folder, 'share');
    const service = await startTestService({ captureDir: dir, captureSample: 0.25 });
    for (let i = 0; i < 8; i++) await stream(service, {});
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    await expect.poll(metrics, { timeout: 10_000 }).toMatch(/^spikingrx_captured_grids_total 6$/m);
    expect(await metrics()).toMatch(/^spikingrx_captured_bytes_total [1-9]/m);
    await service.close();
    expect(await all(dir)).toHaveLength(6);
    const plain = await startTestService();
    await stream(plain, {});
    expect(await (await fetch(`${plain.url}/metrics`)).text()).toMatch(/^spikingrx_captured_grids_total 0$/m);
    await plain.close();
  });

  test('a folder that cannot be made keeps the service from starting', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(startTestService({ captureDir: join(file, 'x'), captureSample: 1 })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });

  test('a disk that refuses costs the captures and no answer', async () => {
    const dir = join(folder, 'gone');
    const service = await startTestService({ captureDir: dir, captureSample: 1, captureMaxBytes: 2 ** 20 });
    rmSync(dir, { recursive: true });
    const metrics = async () => (await fetch(`${service.url}/metrics`)).text();
    // A file holds 128 KiB; the next one finds no folder.
    for (let i = 0; i < 12; i++) await stream(service, {});
    await expect
      .poll(metrics, { timeout: 10_000 })
      .toMatch(/^spikingrx_capture_dropped_grids_total\{reason="disk"\} [1-9]/m);
    await stream(service, {});
    await service.close();
  });
});
