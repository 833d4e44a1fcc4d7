import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { formatLlr } from '#engine/llr-format.js';
import type { LlrFormat } from '#engine/types.js';
import { Random } from '#phy/random.js';
import { loadConfig } from '#server/config.js';
import { llrPlanes } from '#server/live/latest.js';
import { LatestRequestSchema, type LatestRequest } from '#wire/latest.js';
import { DMRS_CONFIG, grid, jsonGrid, pilotTensor, rxTensor } from '../helpers/grids.js';
import { startTestService, type TestService } from '../helpers/service.js';

describe('planes of an answer', () => {
  const random = Random.fromSeed(3);
  const [bitsPerSymbol, nSym, nSc] = [4, 3, 5];
  const planes = Float32Array.from({ length: bitsPerSymbol * nSym * nSc }, () => 8 * random.normal());
  const dataMask = Uint8Array.from({ length: nSym * nSc }, (_, re) => Number(re % 3 !== 0));

  /** Largest difference that a datatype makes: the rounding of `f16` (11 bits) and of `i8` (a half of a step). */
  const TOLERANCE = { f32: 1e-5, f16: 32 * 2 ** -11, i8: 0.5 / 4 + 1e-4 };

  test.each(
    (['f32', 'f16', 'i8'] as const).flatMap((datatype) =>
      (['codeword', 'grid'] as const).flatMap((layout) =>
        (['p0_over_p1', 'p1_over_p0'] as const).map((polarity) => ({ datatype, layout, polarity })),
      ),
    ),
  )('are those it was made of: $datatype $layout $polarity', (form) => {
    const format: LlrFormat = { ...form, scale: 4 };
    const formatted = formatLlr({ planes, dataMask, bitsPerSymbol, nSym, nSc }, format);
    const found = llrPlanes({ datatype: form.datatype, ...formatted }, format, { dataMask, bitsPerSymbol });
    for (const [i, llr] of planes.entries()) {
      const isData = dataMask[i % dataMask.length] === 1;
      // i8 with scale 4 holds ±31.75.
      const expected = isData ? llr : 0;
      expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(TOLERANCE[form.datatype]);
    }
  });
});

function floats(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** `[planes, size]` of interleaved samples `[antennas, size]`. */
function planesOf(samples: Float32Array, size: number): Float32Array {
  return Float32Array.from(samples, (_, i) => {
    const [plane, re] = [Math.floor(i / size), i % size];
    return samples[2 * (size * (plane >> 1) + re) + (plane & 1)]!;
  });
}

describe('the latest grid', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ dashboardRequest: true });
  });
  afterAll(async () => service.close());

  const latest = async (): Promise<LatestRequest> => {
    const response = await fetch(`${service.url}/v1/live/request`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const body = (await response.json()) as LatestRequest;
    expect([...Value.Errors(LatestRequestSchema, body)]).toEqual([]);
    return body;
  };

  test('is not there before any; then it is what was sent and what was answered, over either transport', async () => {
    const none = await fetch(`${service.url}/v1/live/request`);
    expect(none.status).toBe(404);
    expect(await none.json()).toMatchObject({ error: { code: 'NOT_FOUND', message: /no grid/ } });

    const before = Date.now();
    const [first] = await service.rest.compute([grid({ seed: 4 })], { output: { layout: 'grid' } });
    const seen = await latest();
    expect(seen).toMatchObject({
      transport: 'rest',
      // An octet-stream without ids counts its grids.
      id: '0',
      model: 'random',
      version: '2',
      shape: { nRx: 2, nSym: 14, nSc: 24, bitsPerSymbol: 2 },
      llrDatatype: 'f32',
    });
    expect(seen.receivedAt).toBeGreaterThanOrEqual(before - 1);
    expect(floats(seen.rx)).toEqual(planesOf(rxTensor({ seed: 4 }).data, 14 * 24));
    expect(floats(seen.dmrs)).toEqual(planesOf(pilotTensor().data as Float32Array, 14 * 24));
    const mask = Buffer.from(seen.dataMask, 'base64');
    const answered = floats(Buffer.from(first!.llr.data).toString('base64'));
    expect(floats(seen.llr)).toEqual(answered.map((llr, i) => (mask[i % mask.length] === 1 ? llr : 0)));

    await service.grpc.compute([grid({ seed: 5, nSc: 36 })], { output: { datatype: 'i8', scale: 8 } });
    const next = await latest();
    expect(next).toMatchObject({ transport: 'grpc', id: 'g5', shape: { nSc: 36 }, llrDatatype: 'i8' });
    expect(floats(next.rx)).toEqual(planesOf(rxTensor({ seed: 5, nSc: 36 }).data, 14 * 36));
  });

  test('is the last of several, in JSON and with a configuration of its pilots too', async () => {
    const grids = [grid({ seed: 6 }), grid({ seed: 7 })].map((one) => ({
      ...jsonGrid(one),
      dmrs: { config: DMRS_CONFIG },
    }));
    const answer = await fetch(`${service.url}/v1/llr`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grids }),
    });
    expect(answer.status).toBe(200);
    const seen = await latest();
    expect(['g6', 'g7']).toContain(seen.id);
    const seed = Number(seen.id.slice(1));
    expect(floats(seen.rx)).toEqual(planesOf(rxTensor({ seed }).data, 14 * 24));
    expect(floats(seen.dmrs)).toEqual(planesOf(pilotTensor().data as Float32Array, 14 * 24));
  });

  test('stays when a grid fails', async () => {
    const before = await latest();
    await expect(service.rest.compute([grid({ seed: 9, nRx: 3 })])).rejects.toThrow('rx');
    expect(await latest()).toEqual(before);
  });
});

test('what is off cannot be let be looked at', () => {
  const flags = { dashboard: false, dashboardRequest: true };
  expect(() => loadConfig({ flags })).toThrow(/dashboard-request: expected false/);
});
