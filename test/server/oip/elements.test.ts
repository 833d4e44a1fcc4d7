import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATATYPES, type Datatype } from '#server/oip/datatypes.js';
import { encodeElements, jsonElements } from '#server/oip/elements.js';
import { messageOf } from '../../support/message-of.js';

const ALL: readonly Datatype[] = Object.values(DATATYPES);
const BYTES: Readonly<Record<Datatype, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
};

/** Bytes of values that JSON can hold: no NaN and no infinity, which have all bits of their exponent set. */
function finiteBytes(datatype: Datatype): fc.Arbitrary<Uint8Array> {
  const width = BYTES[datatype];
  const element = fc.uint8Array({ minLength: width, maxLength: width }).map((bytes) => {
    if (datatype === 'BOOL') bytes[0] = bytes[0]! % 2;
    if (datatype === 'FP16') bytes[1] = bytes[1]! & 0xbf;
    if (datatype === 'FP32' || datatype === 'FP64') bytes[width - 1] = bytes[width - 1]! & 0xbf;
    return bytes;
  });
  return fc
    .array(element, { maxLength: 20 })
    .map((elements) => Uint8Array.from(elements.flatMap((bytes) => [...bytes])));
}

const NARROW = ALL.filter((datatype) => !datatype.endsWith('INT64'));

describe('elements in JSON and as bytes', () => {
  it.each(NARROW)('come back from JSON to the same bytes: %s', (datatype) => {
    fc.assert(
      fc.property(finiteBytes(datatype), (bytes) => {
        const values = JSON.parse(jsonElements(datatype, bytes, 'data')) as unknown[];
        expect(values).toHaveLength(bytes.length / BYTES[datatype]);
        expect([...encodeElements(datatype, values, 'data')]).toEqual([...bytes]);
      }),
    );
  });

  it.each(['INT64', 'UINT64'] as const)('are written with all their digits: %s', (datatype) => {
    fc.assert(
      fc.property(finiteBytes(datatype), (bytes) => {
        const Wide = datatype === 'INT64' ? BigInt64Array : BigUint64Array;
        const digits = jsonElements(datatype, bytes, 'data').slice(1, -1).split(',').filter(Boolean);
        expect(digits.map(BigInt)).toEqual([...new Wide(bytes.slice().buffer)]);
      }),
    );
  });

  it('take whole numbers of 64 bits as far as JSON is sure of them', () => {
    const bytes = encodeElements('INT64', [-(2 ** 53) + 1, 0, 2 ** 53 - 1], 'data');
    expect(new BigInt64Array(bytes.buffer)).toEqual(BigInt64Array.of(1n - 2n ** 53n, 0n, 2n ** 53n - 1n));
  });

  it.each<[Datatype, unknown, string]>([
    ['UINT8', 256, 'data[1]: expected a whole number from 0 to 255 for UINT8, received another number'],
    ['INT8', -129, 'a whole number from -128 to 127'],
    ['INT32', 0.5, 'a whole number from'],
    ['UINT64', -1, 'a whole number from 0 to 9007199254740991 for UINT64; binary data holds all'],
    ['INT64', 2 ** 53, 'binary data holds all'],
    ['BOOL', 1, 'expected true or false for BOOL, received another number'],
    ['FP32', '1', 'received a string'],
    ['FP32', null, 'received null'],
    ['FP32', [1], 'received an array'],
    ['FP32', 3.5e38, 'for FP32, received another number'],
    ['FP16', 65_520, 'at most 65504 in magnitude for FP16'],
    ['FP64', Number.POSITIVE_INFINITY, 'for FP64'],
    ['FP64', Number.NaN, 'for FP64'],
  ])('refuse for %s what it does not hold: %s', (datatype, value, message) => {
    const first = datatype === 'BOOL' ? true : 0;
    expect(messageOf(() => encodeElements(datatype, [first, value], 'data'))).toContain(message);
  });

  it.each(['FP16', 'FP32', 'FP64'] as const)('refuse to write what JSON does not have: %s', (datatype) => {
    const nan = new Uint8Array(BYTES[datatype]).fill(0xff);
    expect(messageOf(() => jsonElements(datatype, nan, 'outputs.y'))).toContain(
      'outputs.y: expected binary_data',
    );
  });

  it.each(['BYTES', 'BF16', 'fp32', ''])('refuse the datatype "%s"', (datatype) => {
    expect(messageOf(() => encodeElements(datatype, [], 'data'))).toContain('expected one of BOOL, UINT8');
  });
});
