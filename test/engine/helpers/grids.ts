import type { GridShape, LlrFormat, LlrRequest } from '#engine/types.js';
import { Random } from '#phy/random.js';

export const F32_GRID: LlrFormat = { datatype: 'f32', layout: 'grid', polarity: 'p0_over_p1', scale: 1 };

/** A request with seeded noise, pilots on every second subcarrier of symbol 0 and data elsewhere. */
export function randomRequest(
  shape: GridShape,
  seed: number,
  overrides: Partial<LlrRequest> = {},
): LlrRequest {
  const random = Random.fromSeed(seed);
  const elements = shape.nSym * shape.nSc;
  const isPilot = (re: number): boolean => re < shape.nSc && re % 2 === 0;
  const pilots = (i: number): number => (isPilot(i % elements) ? Math.SQRT1_2 * (i % 4 === 0 ? 1 : -1) : 0);
  return {
    id: `grid-${seed}`,
    shape,
    rxGrid: Float32Array.from({ length: 2 * shape.nRx * elements }, () => random.normal()),
    dmrs: Float32Array.from({ length: 2 * elements }, (_, i) => pilots(i)),
    dataMask: Uint8Array.from({ length: elements }, (_, re) => (isPilot(re) ? 0 : 1)),
    format: F32_GRID,
    ...overrides,
  };
}

export function float32sOf(bytes: Uint8Array<ArrayBuffer>): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}
