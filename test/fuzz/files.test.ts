import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { dmrsGrid } from '#nr/dmrs.js';
import { DmrsConfigSchema, dmrsConfigFrom } from '#nr/dmrs-schema.js';
import { decodeGolden, encodeGolden } from '#onnx/golden.js';
import { captureFiles, readCaptures } from '#replay/read.js';
import { encodeCaptured } from '#wire/bulk/captured.js';
import { Value } from 'typebox/value';
import { hostile } from './helpers/bytes.js';
import { runs } from './helpers/runs.js';

const folder = mkdtempSync(join(tmpdir(), 'spikingrx-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `ok`, or the code of the error; anything that is no error of ours fails the test. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'ok';
  } catch (error) {
    if (error instanceof SpikingRxError) return error.code;
    throw error;
  }
}

test('files of golden grids', async () => {
  const values = new Float32Array(12).fill(0.5);
  const grid = {
    nRx: 1,
    nSym: 2,
    nSc: 3,
    bitsPerSymbol: 2,
    rxGrid: values,
    dmrs: values,
    llr: values,
  };
  const good = encodeGolden([grid], 'a test');
  expect(decodeGolden(good)).toHaveLength(1);
  await fc.assert(
    fc.asyncProperty(hostile(new Uint8Array(Buffer.from(good))), async (bytes) => {
      const ended = await outcome(() => decodeGolden(Buffer.from(bytes).toString()));
      expect(ended).toMatch(/^(ok|INVALID_ARGUMENT|FAILED_PRECONDITION)$/);
    }),
    runs(1000),
  );
});

test('captures', async () => {
  const tensor = { datatype: 1, shape: [1, 1, 1], data: new Uint8Array(8), scale: undefined };
  const record = {
    receivedS: 1,
    receivedUs: 2,
    transport: 'rest',
    request: { model: 'm', version: '1', grids: [{ id: 'a', rx: tensor }] },
    result: { id: 'a', model: 'm', version: '1', llr: { datatype: 1, shape: [2], data: new Uint8Array(8) } },
  };
  const [prefix, message] = encodeCaptured(record);
  const good = Buffer.concat([prefix, message, prefix, message]);
  const file = join(folder, 'x.capture');
  const count = async (bytes: Uint8Array): Promise<number> => {
    writeFileSync(file, bytes);
    let records = 0;
    const files = await captureFiles([folder]);
    for await (const one of readCaptures(files, { onTruncated: () => undefined }))
      records += Number(one !== undefined);
    return records;
  };
  expect(await count(good)).toBe(2);
  await fc.assert(
    fc.asyncProperty(hostile(new Uint8Array(good)), async (bytes) => {
      expect(await outcome(async () => count(bytes))).toMatch(/^(ok|INVALID_ARGUMENT)$/);
    }),
    runs(500),
  );
});

test('DMRS configurations: pilots of just the shape of the grid, or what does not fit', async () => {
  const symbols = fc.oneof(
    fc.uniqueArray(fc.nat({ max: 13 }), { maxLength: 4 }).map((list) => list.toSorted((a, b) => a - b)),
    fc.array(fc.nat({ max: 15 }), { maxLength: 16 }),
  );
  const small = fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 0, 3);
  const config = fc.record(
    {
      symbolPositions: symbols,
      nId: fc.nat({ max: 65_536 }),
      slot: fc.nat({ max: 640 }),
      configType: small,
      nScid: fc.constantFrom(0, 1, 0, 1, 0, 2),
      port: fc.nat({ max: 6 }),
      startRb: fc.nat({ max: 2480 }),
      cdmGroupsWithoutData: small,
      scale: fc.oneof(fc.constant(1), fc.double()),
      startSymbol: fc.constantFrom(0, 0, 0, 1, 2, 13, 14),
      symbolsPerSlot: fc.constantFrom(14, 14, 14, 12, 13),
    },
    { requiredKeys: ['symbolPositions', 'nId', 'slot'] },
  );
  const shape = fc.record({ nSym: fc.integer({ min: 1, max: 14 }), nSc: fc.constantFrom(12, 24, 36) });
  const made = { grids: 0 };
  await fc.assert(
    fc.asyncProperty(config, shape, async (json, sizes) => {
      if (!Value.Check(DmrsConfigSchema, json)) return;
      const ended = await outcome(() => {
        const pilots = dmrsGrid(dmrsConfigFrom(json), sizes);
        made.grids += 1;
        if (pilots.length !== 2 * sizes.nSym * sizes.nSc) throw new Error(`${pilots.length} values`);
      });
      expect(ended).toMatch(/^(ok|INVALID_ARGUMENT)$/);
    }),
    runs(3000),
  );
  expect(made.grids).toBeGreaterThan(20);
});
