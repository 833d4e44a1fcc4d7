import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { requestMessage } from '#client/wire.js';
import { type ErrorCode, SpikingRxError } from '#errors.js';
import { readModelContract } from '#onnx/contract.js';
import { decodeBase64 } from '#server/base64.js';
import { CONFIG_KEYS, loadConfig } from '#server/config.js';
import { binaryGrids } from '#server/rest/binary.js';
import { readInferBody } from '#server/rest/oip-body.js';
import { llrServiceDefinition } from '#wire/proto.js';
import { spikingRxModel } from '../engine/helpers/models.js';
import { DMRS_CONFIG, grid } from '../server/helpers/grids.js';
import { hostile } from './helpers/bytes.js';
import { runs } from './helpers/runs.js';

/** `ok`, or the code of the error; anything that is no error of ours fails the test. */
function outcome(work: () => unknown): 'ok' | 'an overlong message' | ErrorCode {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (!(error instanceof SpikingRxError)) throw error;
    return error.message.length > 2000 ? 'an overlong message' : error.code;
  }
}

/** Characters of the Error that `work` throws; 0 when it throws none. */
function lengthOfError(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    if (error instanceof Error) return error.message.length;
    throw error;
  }
}

describe('any input is decoded, or refused as the one who sent it must know', () => {
  test('base64: what is taken is what Node writes for the bytes', () => {
    const text = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    );
    fc.assert(
      fc.property(text, (from) => {
        const taken: { bytes?: Buffer } = {};
        const ended = outcome(() => (taken.bytes = decodeBase64(from, 'data')));
        expect(ended).toMatch(/^(ok|INVALID_ARGUMENT)$/);
        // Bits behind the last byte may be anything (RFC 4648 §3.5 leaves it to the decoder).
        const again = taken.bytes?.toString('base64') ?? from;
        expect(again.slice(0, -4)).toBe(from.slice(0, -4));
      }),
      runs(2000),
    );
  });

  test('octet-stream: grids of just the bytes that came', () => {
    const size = fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(1e9, 2 ** 31, 2 ** 53));
    const shape = fc.oneof(
      fc.array(size, { maxLength: 4 }).map((sizes) => sizes.join(',')),
      fc.constant('2,14,24'),
      fc.string(),
    );
    const query = fc.record(
      {
        shape,
        grids: fc.nat({ max: 3 }),
        ids: fc.string(),
        datatype: fc.constantFrom('cf32_le' as const, 'ci16_le' as const, 'cf16_le' as const),
        dmrsConfig: fc.oneof(fc.json(), fc.constant(JSON.stringify(DMRS_CONFIG))),
        scale: fc.double(),
      },
      { requiredKeys: [] },
    );
    const body = fc.constantFrom(0, 1, 100, 5376, 5376 + 2688, 2 * (5376 + 2688)).map((n) => Buffer.alloc(n));
    fc.assert(
      fc.property(body, query, (bytes, asked) => {
        const ended = outcome(() => {
          const grids = binaryGrids(bytes, asked);
          const sum = grids.reduce((total, { rx }) => total + (rx?.data.length ?? 0), 0);
          if (sum > bytes.byteLength) throw new Error(`${sum} bytes of ${bytes.byteLength}`);
        });
        expect(ended).toMatch(/^(ok|INVALID_ARGUMENT)$/);
      }),
      runs(2000),
    );
  });

  test('requests of the Open Inference Protocol, in JSON and with binary data', () => {
    const json = {
      id: 'x',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [1, 2], data: [1, 2] },
        { name: 'b', datatype: 'INT8', shape: [3], parameters: { binary_data_size: 3 } },
      ],
      outputs: [{ name: 'c', parameters: { binary_data: true } }],
    };
    const head = Buffer.from(JSON.stringify(json));
    const good = new Uint8Array(Buffer.concat([head, Buffer.from([1, 2, 3])]));
    const header = fc.oneof(
      fc.constant(String(head.byteLength)),
      fc.nat({ max: 400 }).map(String),
      fc.string(),
      fc.constant(undefined),
    );
    expect(outcome(() => readInferBody(Buffer.from(good), String(head.byteLength)))).toBe('ok');
    fc.assert(
      fc.property(hostile(good), header, (bytes, length) => {
        const ended = outcome(() => readInferBody(Buffer.from(bytes), length));
        expect(ended).toMatch(/^(ok|INVALID_ARGUMENT|PAYLOAD_TOO_LARGE)$/);
      }),
      runs(3000),
    );
  });

  test('messages of gRPC: a message or an Error, in short', () => {
    const { requestSerialize, requestDeserialize } = llrServiceDefinition.ComputeLlr;
    const good = new Uint8Array(requestSerialize(requestMessage([grid({ nSym: 3, nSc: 12 })], {})));
    fc.assert(
      fc.property(hostile(good), (bytes) => {
        expect(lengthOfError(() => requestDeserialize(Buffer.from(bytes)))).toBeLessThan(1000);
      }),
      runs(3000),
    );
  });

  test('model files', () => {
    const good = spikingRxModel();
    expect(outcome(() => readModelContract(good))).toBe('ok');
    fc.assert(
      fc.property(hostile(good), (bytes) => {
        expect(outcome(() => readModelContract(bytes))).toMatch(
          /^(ok|FAILED_PRECONDITION|INVALID_ARGUMENT)$/,
        );
      }),
      runs(300),
    );
  });
});

describe('configuration files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikingrx-fuzz-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.yaml');

  test('any YAML, and text that is none, is refused by name or taken', () => {
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.jsonValue(),
    );
    const settings = fc.dictionary(fc.oneof(fc.constantFrom<string>(...CONFIG_KEYS), fc.string()), value);
    const text = fc.oneof(
      settings.map((one) => JSON.stringify(one)),
      fc.string(),
      fc.constantFrom('a: &x [*x]', '- 1', '{', '&a [*a', '!!js/function x', 'a: 1\na: 2', '\u0000'),
    );
    fc.assert(
      fc.property(text, (content) => {
        writeFileSync(file, content);
        expect(outcome(() => loadConfig({ file }))).toMatch(/^(ok|INVALID_ARGUMENT)$/);
      }),
      runs(500),
    );
  });

  test('references within references take no time', () => {
    const levels = Array.from({ length: 30 }, (_, i) => `k${i + 1}: &k${i + 1} [*k${i}, *k${i}, *k${i}]`);
    writeFileSync(file, ['k0: &k0 [x, x, x]', ...levels].join('\n'));
    const start = performance.now();
    expect(outcome(() => loadConfig({ file }))).toBe('INVALID_ARGUMENT');
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
