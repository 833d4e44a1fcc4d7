import { invalid } from '../../errors.js';
import { decodeFloat16, encodeFloat16, FLOAT16_MAX } from '../../float16.js';
import { DATATYPES, elementType, type Datatype } from './datatypes.js';

type Wide = 'INT64' | 'UINT64';
type Real = 'FP16' | 'FP32' | 'FP64';
type Whole = Exclude<Datatype, Real | 'BOOL'>;

/** What each datatype holds of whole numbers. A JSON number beyond 2⁵³ may have been rounded on its way. */
const WHOLE = {
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const satisfies Record<Whole, readonly [number, number]>;

/** Largest finite value; what is smaller is rounded to the nearest that the datatype has. */
const REAL: Readonly<Record<Real, number>> = {
  FP16: FLOAT16_MAX,
  FP32: (2 - 2 ** -23) * 2 ** 127,
  FP64: Number.MAX_VALUE,
};

const WIDE_ARRAYS = { INT64: BigInt64Array, UINT64: BigUint64Array } as const;
const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const satisfies Record<Exclude<Datatype, Wide>, unknown>;

function isWide(datatype: Datatype): datatype is Wide {
  return datatype in WIDE_ARRAYS;
}

function isReal(datatype: Datatype): datatype is Real {
  return datatype in REAL;
}

/**
 * Numbers (booleans for `BOOL`) as the little-endian bytes of a datatype.
 * @throws INVALID_ARGUMENT for one that the datatype does not hold, named by its place.
 */
export function encodeElements(
  datatype: string,
  values: readonly unknown[],
  field: string,
): Uint8Array<ArrayBuffer> {
  const name = DATATYPES[elementType(datatype, field)];
  const { holds, expected } = ruleOf(name);
  const bad = values.findIndex((value) => !holds(value));
  if (bad >= 0) throw invalid(`${field}[${bad}]`, expected, describe(values[bad]));
  const array = arrayOf(name, values as readonly number[]);
  return new Uint8Array(array.buffer);
}

function arrayOf(datatype: Datatype, values: readonly number[]) {
  if (isWide(datatype)) return new WIDE_ARRAYS[datatype](values.map((value) => BigInt(value)));
  if (datatype !== 'FP16') return new ARRAYS[datatype](values);
  const halves = new Uint16Array(values.length);
  encodeFloat16(new Float32Array(values), halves);
  return halves;
}

interface Rule {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

function ruleOf(datatype: Datatype): Rule {
  if (datatype === 'BOOL')
    return { holds: (value) => typeof value === 'boolean', expected: 'true or false for BOOL' };
  if (isReal(datatype)) {
    const limit = REAL[datatype];
    return {
      holds: (value) => typeof value === 'number' && Math.abs(value) <= limit,
      expected: `a number of at most ${limit} in magnitude for ${datatype}`,
    };
  }
  const [least, most] = WHOLE[datatype];
  const beyond = isWide(datatype) ? '; binary data holds all' : '';
  return {
    holds: (value) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most,
    expected: `a whole number from ${least} to ${most} for ${datatype}${beyond}`,
  };
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'number' ? 'another number' : `a ${typeof value}`;
}

/**
 * Elements as a JSON array, exact: 64-bit whole numbers with all their digits, −0 with its sign.
 * @throws INVALID_ARGUMENT for NaN and infinities, which JSON does not have.
 */
export function jsonElements(datatype: Datatype, bytes: Uint8Array, field: string): string {
  const { buffer } = new Uint8Array(bytes);
  if (isWide(datatype)) return `[${new WIDE_ARRAYS[datatype](buffer).join()}]`;
  const values = new ARRAYS[datatype](buffer);
  if (datatype === 'BOOL') return `[${Array.from(values, (value) => value !== 0).join()}]`;
  if (!isReal(datatype)) return `[${values.join()}]`;
  const numbers = datatype === 'FP16' ? Array.from(values, decodeFloat16) : values;
  return `[${Array.from(numbers, (value) => jsonNumber(value, field)).join()}]`;
}

function jsonNumber(value: number, field: string): string {
  if (!Number.isFinite(value))
    throw invalid(field, 'binary_data for values that are not finite, which JSON cannot hold', 'JSON');
  return Object.is(value, -0) ? '-0' : String(value);
}
