import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientGrid, GridLlr } from '#client/index.js';
import { DMRS_CONFIG, grid, pilotTensor, rxTensor } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => service.close());

const bytes = ({ id, llr }: GridLlr) => [id, llr.shape, Buffer.from(llr.data).toString('hex')];

/** A grid whose every description may differ from the others'. */
function variant(seed: number, change: (plain: ClientGrid) => Partial<ClientGrid>): ClientGrid {
  const plain = grid({ seed, id: `v${seed}` });
  return { ...plain, ...change(plain) };
}

function int16(seed: number): Int16Array {
  return Int16Array.from(rxTensor({ seed }).data, (value) => value * 256);
}

/** Grids that agree in nothing but the model, neighbours and not, some alike. */
function mixedGrids(): ClientGrid[] {
  const slots = [3, 4, 3, 5].map((slot, i) =>
    variant(i + 1, () => ({ dmrs: { config: { ...DMRS_CONFIG, slot } } })),
  );
  const ci16 = { datatype: 'ci16_le', shape: [2, 14, 24] } as const;
  return [
    ...slots,
    variant(5, () => ({ dmrs: { config: { ...DMRS_CONFIG, slot: 4, scale: 2 } } })),
    variant(6, () => ({})),
    variant(7, () => ({ dmrs: { ...pilotTensor(), cdmGroupsWithoutData: 2 } })),
    variant(8, () => ({ dmrs: { ...pilotTensor(), scale: 0.5 } })),
    variant(9, () => ({ rx: { ...ci16, data: int16(9), scale: 1 / 256 } })),
    variant(10, () => ({ rx: { ...ci16, data: int16(10) } })),
    variant(11, ({ rx }) => ({ rx: { ...rx, scale: 3 } })),
    grid({ id: 'narrow', nSc: 12 }),
    grid({ id: 'short', nSym: 7 }),
    variant(12, () => ({})),
  ];
}

describe('REST octet-stream with grids that differ', () => {
  test('answers each as gRPC does, in order', async () => {
    const grids = mixedGrids();
    const [rest, grpc] = [await service.rest.compute(grids), await service.grpc.compute(grids)];
    expect(rest.map(bytes)).toEqual(grpc.map(bytes));
    expect(rest.map(({ id }) => id)).toEqual(grids.map(({ id }) => id));
  });

  test('names the grid that fails by its place in the call', async () => {
    const data = rxTensor().data.fill(Number.NaN, 5);
    const bad = variant(2, ({ rx }) => ({ rx: { ...rx, data } }));
    const grids = [grid(), variant(3, () => ({ dmrs: { config: DMRS_CONFIG } })), bad];
    await expect(service.rest.compute(grids)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: expect.stringMatching(/^grids\[2\]\.rx\.data/),
      message: expect.stringMatching(/^grids\[2\]\.rx\.data/),
    });
  });

  test('refuses pilots of another width, and lengths that only fit in sum', async () => {
    const pilots = variant(1, () => ({ dmrs: pilotTensor(14, 12) }));
    await expect(service.rest.compute([pilots])).rejects.toMatchObject({ field: 'grids[0].dmrs.shape' });
    const [long, short] = [rxTensor({ nSc: 36 }), rxTensor({ nSc: 12 })];
    const shape = [2, 14, 24];
    const grids = [long, short].map((rx, i) => ({ ...grid({ id: `l${i}` }), rx: { ...rx, shape } }));
    await expect(service.rest.compute(grids)).rejects.toMatchObject({ field: 'grids[0].rx.data' });
  });

  test('a signal cancels all of the requests', async () => {
    const signal = AbortSignal.abort();
    await expect(service.rest.compute(mixedGrids(), { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
