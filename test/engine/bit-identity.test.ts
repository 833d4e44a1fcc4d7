import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, createEngine } from '#engine/engine.js';
import { type Session, createSession } from '#engine/session.js';
import type { GridShape, LlrRequest } from '#engine/types.js';
import { elementAt } from './helpers/element-at.js';
import { F32_GRID, float32sOf, randomRequest } from './helpers/grids.js';
import { modelFolder, spikingRxModel } from './helpers/models.js';

const SHAPES: readonly GridShape[] = [
  { nRx: 2, nSym: 14, nSc: 12 },
  { nRx: 2, nSym: 14, nSc: 60 },
  { nRx: 2, nSym: 12, nSc: 36 },
  { nRx: 2, nSym: 14, nSc: 49 },
  { nRx: 2, nSym: 1, nSc: 7 },
];

/** Values that are not the same bits. */
function differing(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length);
  return actual.reduce((count, value, i) => count + (Object.is(value, expected[i]) ? 0 : 1), 0);
}

describe('LLRs are bit-identical alone and in any batch', () => {
  const bytes = spikingRxModel({ channels: 16, modulation: '16QAM' });
  let session: Session;
  let engine: Engine;
  const batchSizes = new Set<number>();
  let folder: Awaited<ReturnType<typeof modelFolder>>;

  beforeAll(async () => {
    session = await createSession(bytes);
    folder = await modelFolder({ random: { '1': bytes } });
    const observer = { batchDispatched: (event: { grids: number }) => void batchSizes.add(event.grids) };
    engine = await createEngine({ modelsDir: folder.path, workers: 2, cores: 2, observer });
  });
  afterAll(async () => {
    await engine.close();
    await session.release();
    await folder.remove();
  });

  async function alone(request: LlrRequest): Promise<Float32Array> {
    const { nRx, nSym, nSc } = request.shape;
    const outputs = await session.run({
      rx_grid: { type: 'float32', data: request.rxGrid, dims: [1, 2 * nRx, nSym, nSc] },
      dmrs: { type: 'float32', data: request.dmrs, dims: [1, 2, nSym, nSc] },
    });
    return outputs['llr']?.data as Float32Array;
  }

  it('with mixed shapes in flight, against a session that runs each grid by itself', async () => {
    const requests = Array.from({ length: 150 }, (_, seed) =>
      randomRequest(elementAt(SHAPES, (seed * 7 + (seed % 3)) % SHAPES.length), seed),
    );
    const results = await Promise.all(requests.map(async (request) => engine.compute(request)));
    for (const [index, request] of requests.entries()) {
      const expected = await alone(request);
      expect(differing(float32sOf(elementAt(results, index).llr.bytes), expected)).toBe(0);
    }
    expect(Math.max(...batchSizes)).toBeGreaterThan(4);
  });

  it.each([1, 2, 3, 5, 8, 11, 16])('in a batch of %i, wherever the row lies', async (batch) => {
    const shape = { nRx: 2, nSym: 14, nSc: 36 };
    const requests = Array.from({ length: batch }, (_, seed) => randomRequest(shape, 1000 + seed));
    const join = (of: (request: LlrRequest) => Float32Array): Float32Array =>
      Float32Array.from(requests.flatMap((request) => [...of(request)]));
    const outputs = await session.run({
      rx_grid: { type: 'float32', data: join((request) => request.rxGrid), dims: [batch, 4, 14, 36] },
      dmrs: { type: 'float32', data: join((request) => request.dmrs), dims: [batch, 2, 14, 36] },
    });
    const together = outputs['llr']?.data as Float32Array;
    const length = 4 * 14 * 36;
    for (const [row, request] of requests.entries()) {
      expect(differing(together.subarray(row * length, (row + 1) * length), await alone(request))).toBe(0);
    }
  });

  it('answers each request with its own LLRs: different grids differ', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(async (seed) => engine.compute(randomRequest(elementAt(SHAPES, 0), seed))),
    );
    expect(first?.id).toBe('grid-1');
    expect(first?.llr.bytes).not.toEqual(second?.llr.bytes);
    expect(F32_GRID.datatype).toBe(first?.llr.datatype);
  });
});
