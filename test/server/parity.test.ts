import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { llrValues, type ClientGrid, type GridLlr } from '#client/index.js';
import { DMRS_CONFIG, grid, jsonGrid, rxTensor } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

const bytes = (answer: GridLlr) => Buffer.from(answer.llr.data).toString('hex');

async function streamed(grids: readonly ClientGrid[], options = {}): Promise<GridLlr[]> {
  const answers = new Map<string, GridLlr>();
  for await (const answer of service.grpc.stream([grids], options)) {
    if (answer.error) throw answer.error;
    answers.set(answer.id, answer);
  }
  return grids.map(({ id }) => answers.get(id)!);
}

describe('one grid, every way in', () => {
  const grids = [1, 2, 3].map((seed) => grid({ seed }));

  test('JSON, octet-stream, unary and stream give the same LLRs', async () => {
    const json = await service.rest.computeJson(grids);
    const ways = [
      await service.rest.compute(grids),
      await service.grpc.compute(grids),
      await streamed(grids),
      await streamed(grids, { ordered: true }),
    ];
    for (const answers of ways) expect(answers.map(bytes)).toEqual(json.map(bytes));
    // 14·24 resource elements without 2·12 pilots, QPSK.
    expect(json[0]!.llr.shape).toEqual([2 * (14 * 24 - 2 * 12)]);
    expect(new Set(json.map(bytes)).size).toBe(3);
    for (const answer of [...json, ...ways.flat()]) {
      expect(answer).toMatchObject({ model: 'random', version: '2' });
      expect(answer.timing.batchSize).toBeGreaterThanOrEqual(1);
      expect(answer.timing.computeMs).toBeGreaterThan(0);
    }
  });

  test('a DMRS configuration equals its tensor, on every way in', async () => {
    const [tensor] = await service.rest.compute([grid()]);
    const configured = [{ ...grid(), dmrs: { config: DMRS_CONFIG } }];
    for (const answers of [
      await service.rest.compute(configured),
      await service.rest.computeJson(configured),
      await service.grpc.compute(configured),
      await streamed(configured),
    ])
      expect(bytes(answers[0]!)).toBe(bytes(tensor!));
  });

  test('ci16 with a scale and cf16 equal cf32', async () => {
    const plain = grid();
    const { data, shape } = rxTensor();
    const ci16 = {
      datatype: 'ci16_le',
      shape,
      data: Int16Array.from(data, (x) => x * 256),
      scale: 1 / 256,
    } as const;
    const cf16 = { datatype: 'cf16_le', shape, data: Uint16Array.from(data, toHalf) } as const;
    const [expected] = await service.rest.compute([plain]);
    for (const rx of [ci16, cf16])
      for (const answers of [
        await service.rest.computeJson([{ ...plain, rx }]),
        await service.rest.compute([{ ...plain, rx }]),
        await service.grpc.compute([{ ...plain, rx }]),
      ])
        expect(bytes(answers[0]!)).toBe(bytes(expected!));
  });

  test('12 and 4 symbols, another model, another version', async () => {
    for (const nSym of [12, 4]) {
      const [answer] = await service.grpc.compute([grid({ nSym })]);
      const pilots = nSym === 12 ? 24 : 12;
      expect(answer!.llr.shape).toEqual([2 * (nSym * 24 - pilots)]);
    }
    const [wide] = await service.rest.compute([grid({ nRx: 4 })], { model: 'wide' });
    expect(wide!.model).toBe('wide');
    const [v1] = await service.rest.compute([grid()], { model: 'random', version: '1' });
    const [v2] = await service.rest.compute([grid()], { model: 'random', version: '2' });
    expect(bytes(v1!)).not.toBe(bytes(v2!));
  });
});

/** Exact for multiples of 1/256 below 4. */
function toHalf(x: number): number {
  if (x === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  const fraction = Math.round((Math.abs(x) / 2 ** exponent - 1) * 1024);
  return (x < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

describe('output formats', () => {
  test('polarity, scale, datatype and layout', async () => {
    const [plain] = await service.grpc.compute([grid()]);
    const reference = llrValues(plain!.llr);
    const values = async (output: object): Promise<Float32Array[]> => {
      const answers = [
        ...(await service.rest.compute([grid()], { output })),
        ...(await service.rest.computeJson([grid()], { output })),
        ...(await service.grpc.compute([grid()], { output })),
        ...(await streamed([grid()], { output })),
      ];
      return answers.map(({ llr }) => llrValues(llr));
    };
    for (const got of await values({ polarity: 'p1_over_p0' })) expect(got).toEqual(reference.map((x) => -x));
    for (const got of await values({ scale: 2 })) expect(got).toEqual(reference.map((x) => 2 * x));
    for (const got of await values({ datatype: 'f16' }))
      got.forEach((x, i) =>
        expect(Math.abs(x - reference[i]!)).toBeLessThanOrEqual(
          2 ** -10 * Math.abs(reference[i]!) + 2 ** -24,
        ),
      );
    for (const got of await values({ datatype: 'i8', scale: 8 }))
      got.forEach((x, i) => {
        const exact = Math.max(-127, Math.min(127, 8 * reference[i]!));
        expect(Math.abs(x - exact)).toBeLessThanOrEqual(0.5);
      });
    for (const got of await values({ layout: 'grid' })) expect(got.length).toBe(2 * 14 * 24);
  });

  test('JSON arrays hold the same numbers', async () => {
    for (const datatype of ['f32', 'f16', 'i8'] as const) {
      const [expected] = await service.rest.compute([grid()], { output: { datatype, scale: 4 } });
      const response = await fetch(`${service.url}/v1/llr`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          grids: [jsonGrid()],
          output: { datatype, scale: 4, encoding: 'array' },
        }),
      });
      const { results } = (await response.json()) as { results: { llr: { data: number[] } }[] };
      expect(Float32Array.from(results[0]!.llr.data)).toEqual(llrValues(expected!.llr));
    }
  });

  test('two CDM groups without data leave no data in DMRS symbols', async () => {
    const plain = grid();
    const dmrs = { ...plain.dmrs, cdmGroupsWithoutData: 2 } as ClientGrid['dmrs'];
    const config = { config: { ...DMRS_CONFIG, cdmGroupsWithoutData: 2 } };
    for (const variant of [dmrs, config]) {
      const [rest] = await service.rest.compute([{ ...plain, dmrs: variant }]);
      const [grpc] = await service.grpc.compute([{ ...plain, dmrs: variant }]);
      expect(rest!.llr.shape).toEqual([2 * 12 * 24]);
      expect(bytes(grpc!)).toBe(bytes(rest!));
    }
  });
});
