import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { SpikingRxError, invalid } from '../errors.js';
import { encodeFloat16 } from '../float16.js';
import { IQ_BYTES, deinterleave } from '../iq.js';
import { schemaError } from '../schema-error.js';
import type { ModelContract } from './contract.js';

/** Beside `model.onnx`. */
export const GOLDEN_FILE = 'golden.json';
export const GOLDEN_FORMAT = 'spikingrx.golden/1';

/** A grid and the LLRs that the model must give for it. */
export interface GoldenGrid {
  readonly nRx: number;
  readonly nSym: number;
  readonly nSc: number;
  readonly bitsPerSymbol: number;
  /** `[2·nRx, nSym, nSc]`, values that binary16 holds exactly. */
  readonly rxGrid: Float32Array<ArrayBuffer>;
  /** `[2, nSym, nSc]`, likewise. */
  readonly dmrs: Float32Array<ArrayBuffer>;
  /** `[Qm, nSym, nSc]`, ln P(b=0)/P(b=1). */
  readonly llr: Float32Array<ArrayBuffer>;
}

const Size = Type.Integer({ minimum: 1, maximum: 65_536 });
const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' });
/** `rx` and `dmrs` are cf16_le (re, im side by side) `[nRx, nSym, nSc]` and `[nSym, nSc]`; `llr` is float32. */
const GoldenGridSchema = Type.Object(
  {
    nRx: Size,
    nSym: Size,
    nSc: Size,
    bitsPerSymbol: Size,
    rx: Base64,
    dmrs: Base64,
    llr: Base64,
  },
  { additionalProperties: false },
);
const GoldenFileSchema = Type.Object(
  {
    format: Type.Literal(GOLDEN_FORMAT),
    /** What computed the LLRs, for people. */
    madeBy: Type.String(),
    grids: Type.Array(GoldenGridSchema, { minItems: 1, maxItems: 64 }),
  },
  { additionalProperties: false },
);

/** The text of a golden file. */
export function encodeGolden(grids: readonly GoldenGrid[], madeBy: string): string {
  const encoded = grids.map(({ nRx, nSym, nSc, bitsPerSymbol, rxGrid, dmrs, llr }) => ({
    nRx,
    nSym,
    nSc,
    bitsPerSymbol,
    rx: base64(halves(rxGrid, nSym * nSc)),
    dmrs: base64(halves(dmrs, nSym * nSc)),
    llr: base64(llr),
  }));
  return `${JSON.stringify({ format: GOLDEN_FORMAT, madeBy, grids: encoded }, null, 1)}\n`;
}

/**
 * Reads a golden file.
 * @throws SpikingRxError INVALID_ARGUMENT that names the field, or FAILED_PRECONDITION for text that is no JSON.
 */
export function decodeGolden(text: string): readonly GoldenGrid[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new SpikingRxError('FAILED_PRECONDITION', 'it is not valid JSON', { cause });
  }
  if (!Value.Check(GoldenFileSchema, file))
    throw schemaError(Value.Errors(GoldenFileSchema, file), file, GOLDEN_FILE);
  return file.grids.map(({ nRx, nSym, nSc, bitsPerSymbol, rx, dmrs, llr }, index) => {
    const field = `grids[${index}]`;
    const planeSize = nSym * nSc;
    const iq = (name: string, data: string, planes: number): Float32Array<ArrayBuffer> => {
      const bytes = bytesOf(`${field}.${name}`, data, planes * planeSize * IQ_BYTES.cf16_le);
      const samples = { datatype: 'cf16_le', bytes, planes, planeSize, scale: 1 } as const;
      const out = new Float32Array(2 * planes * planeSize);
      deinterleave(samples, out, `${field}.${name}`);
      return out;
    };
    const llrBytes = bytesOf(`${field}.llr`, llr, bitsPerSymbol * planeSize * Float32Array.BYTES_PER_ELEMENT);
    return {
      nRx,
      nSym,
      nSc,
      bitsPerSymbol,
      rxGrid: iq('rx', rx, nRx),
      dmrs: iq('dmrs', dmrs, 1),
      llr: new Float32Array(llrBytes.buffer),
    };
  });
}

/** @throws SpikingRxError INVALID_ARGUMENT when a grid is none that the model takes. */
export function checkGolden(grids: readonly GoldenGrid[], contract: ModelContract): void {
  for (const [index, grid] of grids.entries())
    for (const size of ['nRx', 'nSym', 'nSc', 'bitsPerSymbol'] as const) {
      const expected = contract[size];
      if (expected !== undefined && grid[size] !== expected)
        throw invalid(`grids[${index}].${size}`, `${expected}, as the model has it`, String(grid[size]));
    }
}

/** Float32 planes as cf16_le: re and im of each sample side by side, plane after plane. */
function halves(planes: Float32Array, planeSize: number): Uint16Array {
  const interleaved = Float32Array.from(planes, (_, i) => {
    const plane = Math.floor(i / (2 * planeSize));
    const within = i - plane * 2 * planeSize;
    return planes[plane * 2 * planeSize + (within % 2) * planeSize + Math.floor(within / 2)] as number;
  });
  const out = new Uint16Array(interleaved.length);
  encodeFloat16(interleaved, out);
  return out;
}

function base64({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64');
}

/** In memory of their own. */
function bytesOf(field: string, data: string, expected: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  if (bytes.length !== expected) throw invalid(field, `${expected} bytes`, `${bytes.length} bytes`);
  return bytes;
}
