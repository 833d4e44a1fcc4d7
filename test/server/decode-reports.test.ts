import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcLlrClient, type DecodeReport } from '#client/index.js';
import { DecodeReports, MAX_REPORTS } from '#server/decode-reports.js';
import { Metrics } from '#server/metrics.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

/** Sum of the samples of a counter whose labels hold `labels`. */
async function total(name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const samples = [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))];
  return samples
    .filter(([, own]) => own!.includes(labels))
    .reduce((sum, [, , value]) => sum + Number(value), 0);
}

/** Blocks and block errors of a version of the model. */
async function blocks(version: string): Promise<readonly number[]> {
  return [
    await total('spikingrx_decoded_blocks_total', `version="${version}"`),
    await total('spikingrx_block_errors_total', `version="${version}"`),
  ];
}

const report = (id: string, crcOk: boolean): DecodeReport => ({ id, crcOk });

async function onStream(ids: readonly string[], version: string): Promise<void> {
  const grids = ids.map((id, seed) => grid({ id, seed: seed + 1 }));
  for await (const { error } of service.grpc.stream([grids], { version })) expect(error).toBeUndefined();
}

describe('reports of decoding', () => {
  test('are matched with the answers of any way, on any way, and counted once by model version', async () => {
    await onStream(['a', 'b', 'c'], '1');
    await service.grpc.compute([grid({ id: 'd' })], { version: '2' });
    await service.rest.computeJson([grid({ id: 'e' })], { version: '2' });
    const first = [report('a', true), report('b', false), report('d', false), report('nobody', true)];
    expect(await service.rest.reportDecode(first)).toEqual({ matched: 3, unknown: 1, duplicate: 0 });
    const second = [report('b', false), report('c', false), report('e', true), report('e', false)];
    expect(await service.grpc.reportDecode(second)).toEqual({ matched: 2, unknown: 0, duplicate: 2 });
    expect(await blocks('1')).toEqual([3, 2]);
    expect(await blocks('2')).toEqual([2, 1]);
    for (const [outcome, count] of [
      ['matched', 5],
      ['unknown', 1],
      ['duplicate', 2],
    ] as const)
      expect(await total('spikingrx_decode_reports_total', `outcome="${outcome}"`)).toBe(count);
  });

  test('an id used again stands for its last answer, which may be reported on', async () => {
    await onStream(['again'], '1');
    await service.grpc.reportDecode([report('again', true)]);
    await onStream(['again'], '2');
    const before = await total('spikingrx_decoded_blocks_total', 'version="2"');
    expect(await service.grpc.reportDecode([report('again', true)])).toMatchObject({ matched: 1 });
    expect(await total('spikingrx_decoded_blocks_total', 'version="2"')).toBe(before + 1);
  });

  test('a grid that failed has no answer to report on', async () => {
    const bad = { ...grid({ id: 'bad' }), rx: { ...grid().rx, shape: [9, 9, 9] } };
    for await (const { error } of service.grpc.stream([bad])) expect(error?.code).toBe('INVALID_ARGUMENT');
    expect(await service.rest.reportDecode([report('bad', false)])).toMatchObject({ unknown: 1, matched: 0 });
  });

  test('another client of the same service, on a connection of its own, is the same address', async () => {
    const other = new GrpcLlrClient({ target: service.target });
    try {
      await onStream(['shared'], '1');
      expect(await other.reportDecode([report('shared', true)])).toMatchObject({ matched: 1 });
    } finally {
      other.close();
    }
  });

  test('none, too many and bad ids are refused, and nothing of such a call is counted', async () => {
    await onStream(['kept'], '1');
    const many = Array.from({ length: MAX_REPORTS + 1 }, (_, i) => report(`m${i}`, true));
    for (const client of [service.rest, service.grpc]) {
      await expect(client.reportDecode([])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(client.reportDecode(many)).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        field: 'reports',
      });
      for (const id of ['', 'x'.repeat(257)])
        await expect(client.reportDecode([report('kept', true), report(id, true)])).rejects.toMatchObject({
          code: 'INVALID_ARGUMENT',
          field: 'reports[1].id',
        });
    }
    expect(await service.grpc.reportDecode(many.slice(1))).toMatchObject({ unknown: MAX_REPORTS });
    expect(await service.rest.reportDecode(many.slice(1))).toMatchObject({ unknown: MAX_REPORTS });
    expect(await service.grpc.reportDecode([report('kept', true)])).toMatchObject({ matched: 1 });
  });
});

function answer(id: string): Parameters<DecodeReports['answered']>[1] {
  return { id, model: 'm', version: '1' } as Parameters<DecodeReports['answered']>[1];
}

function quality(estimatedSnrDb?: number) {
  return { estimatedSnrDb, meanAbsLlr: 1, saturatedFraction: 0 };
}

describe('what is remembered', () => {
  test('is bounded in number and time; 0 remembers none', async () => {
    const { decoding } = new Metrics();
    const few = new DecodeReports({ maxReportableGrids: 8, reportWindowMs: 60_000 }, decoding);
    const all = Array.from({ length: 20 }, (_, i) => report(`g${i}`, true));
    for (const { id } of all) few.answered('client', answer(id), quality());
    // Eight are known, of which the first answered go first; a millisecond may have seen several.
    expect(few.report('client', all)).toEqual({ matched: 8, unknown: 12, duplicate: 0 });
    expect(few.report('client', all)).toEqual({ matched: 0, unknown: 12, duplicate: 8 });
    const brief = new DecodeReports({ maxReportableGrids: 2, reportWindowMs: 1 }, decoding);
    brief.answered('client', answer('a'), quality());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(brief.report('client', [report('a', true)])).toMatchObject({ unknown: 1 });
    const none = new DecodeReports({ maxReportableGrids: 0, reportWindowMs: 1 }, decoding);
    none.answered('client', answer('a'), quality());
    expect(none.report('client', [report('a', true)])).toMatchObject({ unknown: 1 });
  });

  test('of as many answers as half the number few are lost', () => {
    const { decoding } = new Metrics();
    const reports = new DecodeReports({ maxReportableGrids: 8192, reportWindowMs: 60_000 }, decoding);
    const ids = Array.from({ length: 4096 }, (_, i) => `frame ${i >> 4} slot ${i & 15}`);
    for (const id of ids) reports.answered('10.0.0.1', answer(id), quality());
    let matched = 0;
    for (let i = 0; i < ids.length; i += 1024)
      matched += reports.report(
        '10.0.0.1',
        ids.slice(i, i + 1024).map((id) => report(id, true)),
      ).matched;
    // Of 1024 places of 8, with 4 answers each on average, 2 % have more than 8: 0.8 % of the answers are lost.
    expect(matched).toBeGreaterThan(0.97 * ids.length);
    const others = ids.slice(0, 1000).map((id) => report(`${id}x`, true));
    expect(reports.report('10.0.0.1', others)).toMatchObject({ matched: 0, unknown: 1000 });
  });

  test('belongs to its client, whichever of his streams it was', () => {
    const reports = new DecodeReports(
      { maxReportableGrids: 9, reportWindowMs: 60_000 },
      new Metrics().decoding,
    );
    reports.answered('10.0.0.1 stream 7', answer('a'), quality());
    expect(reports.report('10.0.0.2', [report('a', true)])).toMatchObject({ unknown: 1 });
    expect(reports.report('10.0.0.1', [report('a', true)])).toMatchObject({ matched: 1 });
  });

  test('is counted in bins of two decibels', async () => {
    const metrics = new Metrics();
    const reports = new DecodeReports({ maxReportableGrids: 99, reportWindowMs: 60_000 }, metrics.decoding);
    const bins = [
      [-0.1, '-2'],
      [0, '0'],
      [1.99, '0'],
      [-20, '-10'],
      [55, '30'],
      [undefined, 'unknown'],
    ] as const;
    for (const [snr] of bins) reports.answered('', answer(String(snr)), quality(snr));
    reports.report(
      '',
      bins.map(([snr]) => report(String(snr), false)),
    );
    const text = await metrics.registry.metrics();
    const found = [...text.matchAll(/^spikingrx_block_errors_total\{.*snr_db="(.*)"\} (\d+)$/gm)];
    expect(Object.fromEntries(found.map(([, bin, count]) => [bin, Number(count)]))).toEqual({
      '-2': 1,
      '0': 2,
      '-10': 1,
      '30': 1,
      unknown: 1,
    });
    metrics.close();
  });
});
