import { describe, expect, it } from 'vitest';
import {
  type CheckedModel,
  type RunBatch,
  type UsedShape,
  checkModel,
  checkedBatchSizes,
  relativeError,
} from '#engine/model-check.js';
import type { RowOutcome } from '#engine/worker-protocol.js';
import { describeModelFile } from '#onnx/contract.js';
import type { GoldenGrid } from '#onnx/golden.js';
import { passThroughModel } from './helpers/models.js';

type Checked = Parameters<typeof checkModel>[0];

/** One antenna, 1 × 4; LLRs of `passThroughModel`: Re of the signal and Re of the pilots. */
function goldenGrid(value: number): GoldenGrid {
  const rxGrid = Float32Array.from({ length: 8 }, (_, i) => value + i);
  const dmrs = Float32Array.from({ length: 8 }, (_, i) => i % 2);
  const llr = Float32Array.of(...rxGrid.subarray(0, 4), ...dmrs.subarray(0, 4));
  return { nRx: 1, nSym: 1, nSc: 4, bitsPerSymbol: 2, rxGrid, dmrs, llr };
}

function model(golden: readonly GoldenGrid[], usedShapes: readonly UsedShape[] = []): Checked {
  const { signature, contract } = describeModelFile(Buffer.from(passThroughModel()));
  return { signature, contract, golden, usedShapes } as CheckedModel as Checked;
}

/** What a runtime would do, with the sizes of its batches; `spoil` changes the answers. */
function runner(spoil: (llrs: Float32Array, batch: number, row: number) => void = () => undefined) {
  const batches: { readonly size: number; readonly nSc: number }[] = [];
  const run: RunBatch = async (rows) => {
    batches.push({ size: rows.length, nSc: rows[0]?.inputs[0]?.shape[2] ?? 0 });
    return {
      rows: rows.map((row, index): RowOutcome => {
        const [rx, dmrs] = row.inputs.map(({ bytes }) => new Float32Array(bytes.slice().buffer));
        if (rx === undefined || dmrs === undefined) throw new Error('two inputs expected');
        const llrs = Float32Array.of(...rx.subarray(0, rx.length / 2), ...dmrs.subarray(0, dmrs.length / 2));
        spoil(llrs, rows.length, index);
        if (llrs.some((value) => !Number.isFinite(value)))
          return { ok: false, failure: { code: 'INTERNAL', message: 'LLRs that are not finite' } };
        return { ok: true, tensors: [{ shape: [], bytes: new Uint8Array(llrs.buffer) }] };
      }),
    };
  };
  return { run, batches };
}

/** Every LLR larger by this part of it. */
const off = (part: number): RunBatch =>
  runner((llrs) => llrs.forEach((value, i) => (llrs[i] = value * (1 + part)))).run;

const GOLDEN = [goldenGrid(1), goldenGrid(-3), goldenGrid(5)];
const CPU = { batchSizes: [1, 2, 3, 4], provider: 'cpu' } as const;

describe('the check before a version serves', () => {
  it('runs every golden grid alone and every batch size', async () => {
    const { run, batches } = runner();
    await checkModel(model(GOLDEN), run, CPU);
    expect(batches.map(({ size }) => size)).toEqual([1, 1, 1, 1, 2, 3, 4]);
  });

  it('refuses LLRs that are not the golden ones, by how much, and where the tolerance ends', async () => {
    await expect(checkModel(model(GOLDEN), off(0.002), CPU)).rejects.toMatchObject({
      kind: 'golden_mismatch',
      reason: expect.stringMatching(
        /golden grid 2x1x4: .* off by 0\.00200 of their RMS, at most 0\.001 on cpu/,
      ),
    });
    await checkModel(model(GOLDEN), off(0.0005), CPU);
    const cuda = { ...CPU, provider: 'cuda' } as const;
    await checkModel(model(GOLDEN), off(0.1), cuda);
    await expect(checkModel(model(GOLDEN), off(0.2), cuda)).rejects.toMatchObject({
      kind: 'golden_mismatch',
    });
  });

  it.each([
    ['with golden grids', GOLDEN],
    ['without', []],
  ])('refuses a row that is another in one batch size, %s', async (_, golden) => {
    const { run } = runner((llrs, batch, row) => {
      if (batch === 3 && row === 1) llrs[0] = 9;
    });
    await expect(checkModel(model(golden), run, CPU)).rejects.toMatchObject({
      kind: 'rows_differ',
      reason: expect.stringMatching(/^row 1 of a batch of 3: /),
    });
  });

  it('refuses rows in each other’s places', async () => {
    const { run } = runner();
    const swapped: RunBatch = async (rows) => ({ rows: (await run(rows)).rows.toReversed() });
    await expect(checkModel(model(GOLDEN), swapped, CPU)).rejects.toMatchObject({ kind: 'rows_differ' });
  });

  it('refuses LLRs that are not finite', async () => {
    const { run } = runner((llrs, batch) => llrs.fill(batch === 4 ? Number.NaN : 0));
    await expect(checkModel(model([]), run, CPU)).rejects.toMatchObject({
      kind: 'not_finite',
      reason: expect.stringContaining('at batch size 4'),
    });
  });

  it('runs the shapes of the traffic in their largest batches, those that the model takes', async () => {
    const { run, batches } = runner();
    const used = [
      { nSym: 14, nSc: 24, batch: 3 },
      { nSym: 1, nSc: 48, batch: 2 },
    ];
    await checkModel(model(GOLDEN, used), run, CPU);
    expect(batches.filter(({ nSc }) => nSc === 24).map(({ size }) => size)).toEqual([1, 1, 1, 3]);
    expect(batches.findLast(({ nSc }) => nSc === 48)?.size).toBe(2);
  });
});

it('checks every size up to 16, then powers of two and the largest', () => {
  expect(checkedBatchSizes(1)).toEqual([1]);
  expect(checkedBatchSizes(5)).toEqual([1, 2, 3, 4, 5]);
  expect(checkedBatchSizes(100).slice(14)).toEqual([15, 16, 32, 64, 100]);
});

it('measures errors against the RMS, and takes anything that is no number for infinite', () => {
  expect(relativeError(Float32Array.of(1, 3), Float32Array.of(1, 2))).toBeCloseTo(1 / Math.sqrt(5), 12);
  expect(relativeError(Float32Array.of(Number.NaN), Float32Array.of(1))).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError(Float32Array.of(0), Float32Array.of(0))).toBe(0);
});
