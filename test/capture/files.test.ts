import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { pino } from 'pino';
import protobuf from 'protobufjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Capture } from '#server/capture/capture.js';
import type { AnsweredGrid } from '#server/capture/record.js';
import { CaptureRing } from '#server/capture/ring.js';
import { loadConfig } from '#server/config.js';
import { Metrics } from '#server/metrics.js';
import { decodeCaptured, encodeCaptured, type CapturedGridMessage } from '#wire/bulk/captured.js';
import { PROTO_DIR } from '#wire/proto.js';
import { hasTool } from '../helpers/tools.js';
import { messages, stripped } from '../wire/arbitraries.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'spikingrx-ring-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const sizeOf = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

describe('the ring of files', () => {
  test('is never larger than it may be, and keeps the newest', async () => {
    const ring = await CaptureRing.open(dir, 8000);
    for (let i = 0; i < 50; i++) {
      await ring.append([Buffer.alloc(300, i), Buffer.alloc(100, i)], 400);
      expect(sizeOf(readdirSync(dir))).toBeLessThanOrEqual(8000);
    }
    await ring.close();
    const names = readdirSync(dir).toSorted();
    expect(names.length).toBeGreaterThan(5);
    expect(names.every((name) => name.endsWith('.capture'))).toBe(true);
    expect(names.at(-1)).toMatch(/000025\.capture$/);
  });

  test('gives what a crash left behind its name, and leaves other files alone', async () => {
    writeFileSync(join(dir, '2020-a.capture.part'), 'x');
    writeFileSync(join(dir, 'notes.txt'), 'x'.repeat(9000));
    const ring = await CaptureRing.open(dir, 8000);
    expect(readdirSync(dir)).toContain('2020-a.capture');
    await ring.close();
    expect(readdirSync(dir).toSorted()).toEqual(['2020-a.capture', 'notes.txt']);
  });
});

function answered(bytes: number): AnsweredGrid {
  const tensor = {
    datatype: 'cf32_le',
    shape: [1, 1, bytes / 8],
    data: new Uint8Array(bytes),
    scale: undefined,
  };
  const format = { datatype: 'f32', layout: 'codeword', polarity: 'p0_over_p1', scale: 1 } as const;
  return {
    grid: { id: 'g', rx: tensor, dmrs: undefined, format },
    answer: {
      result: {
        id: 'g',
        model: 'm',
        version: '1',
        sha256: 'aa',
        llr: { datatype: 'f32', shape: [1], bytes: new Uint8Array(4) },
        timing: { queueMs: 1, computeMs: 1, batchSize: 1 },
      },
      quality: { estimatedSnrDb: 3, meanAbsLlr: 1, saturatedFraction: 0 },
      provenance: {},
    },
    receivedMs: 0,
    transport: 'grpc',
  } as unknown as AnsweredGrid;
}

describe('memory', () => {
  test('is bounded: what the disk has not taken yet and what is too large is dropped and counted', async () => {
    const metrics = new Metrics();
    const flags = { captureDir: dir, captureSample: 1, captureMaxBytes: 2 ** 26 };
    const parts = { metrics: metrics.capture, log: pino({ level: 'silent' }) };
    const capture = (await Capture.create(loadConfig({ flags }), parts))!;
    capture.add(answered(2 ** 23));
    for (let i = 0; i < 50; i++) capture.add(answered(2 ** 20));
    await capture.close();
    metrics.close();
    const count = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.registry.metrics())?.[1]);
    expect(await count('spikingrx_capture_dropped_grids_total\\{reason="size"\\}')).toBe(1);
    const dropped = await count('spikingrx_capture_dropped_grids_total\\{reason="buffer"\\}');
    const written = await count('spikingrx_captured_grids_total');
    // 32 MiB of records a little larger than 1 MiB.
    expect([written, dropped]).toEqual([32, 18]);
    expect(await count('spikingrx_captured_bytes_total')).toBeGreaterThan(32 * 2 ** 20);
    expect(sizeOf(readdirSync(dir))).toBe(await count('spikingrx_captured_bytes_total'));
  });
});

describe('a record', () => {
  const root = new protobuf.Root();
  // Imports are named from the folder of all definitions.
  root.resolvePath = (_origin, target) => (target.startsWith('/') ? target : `${PROTO_DIR}${target}`);
  const type = root.loadSync('spikingrx/v1/capture.proto').lookupType('spikingrx.v1.CapturedGrid');
  root.resolveAll();

  test('is encoded as protobufjs does, after its length, and decoded again', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const expected = type.encodeDelimited(stripped(type, message)).finish();
        const bytes = Buffer.concat(encodeCaptured(message as unknown as CapturedGridMessage));
        expect(bytes.equals(expected)).toBe(true);
        const body = Buffer.from(type.encode(message).finish());
        const again = encodeCaptured(decodeCaptured(body));
        expect(Buffer.concat(again).equals(bytes)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test.skipIf(!hasTool('protoc'))('is what protoc reads by the definition', () => {
    const request = { model: 'm', grids: [{ id: 'g', rx: { datatype: 1, shape: [1, 2] } }] };
    const result = { id: 'g', llr: { datatype: 1, shape: [2], data: Uint8Array.of(65) } };
    const message = { receivedS: 7, receivedUs: 5, transport: 'grpc', request, result };
    const [, input] = encodeCaptured(message);
    const args = [`-I${PROTO_DIR}`, '--decode=spikingrx.v1.CapturedGrid', 'spikingrx/v1/capture.proto'];
    const text = execFileSync('protoc', args, { input, encoding: 'utf8' }).replaceAll(/\s+/g, ' ');
    expect(text).toBe(
      'received_s: 7 received_us: 5 transport: "grpc" request { model: "m" grids { id: "g" rx { ' +
        'datatype: IQ_DATATYPE_CF32_LE shape: 1 shape: 2 } } } result { id: "g" llr { ' +
        'datatype: LLR_DATATYPE_F32 shape: 2 data: "A" } } ',
    );
  });
});
