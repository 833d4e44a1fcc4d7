import type { GridShape, LlrFormat, LlrRequest } from './types.js';

/**
 * Where the rows of a batch lie in the shared memory a worker slot owns:
 * `rxGrid` `[B, 2·nRx, nSym, nSc]` float32, then `dmrs` `[B, 2, nSym, nSc]` float32, then `dataMask`
 * `[B, nSym, nSc]` uint8. The main thread copies each grid in once; the worker reads it from there.
 * The requests keep their own buffers, so that a batch whose worker died can be sent again.
 */
export interface BatchViews {
  readonly rxGrid: Float32Array<SharedArrayBuffer>;
  readonly dmrs: Float32Array<SharedArrayBuffer>;
  readonly dataMask: Uint8Array<SharedArrayBuffer>;
}

export interface BatchShape extends GridShape {
  readonly batch: number;
}

/** The parts of a request that travel as numbers rather than through shared memory. */
export interface BatchRow {
  readonly format: LlrFormat;
}

const FLOAT_BYTES = 4;
/** Re and im of the pilots. */
const DMRS_PLANES = 2;

export function resourceElements(shape: GridShape): number {
  return shape.nSym * shape.nSc;
}

/** Float32 planes of `rxGrid`: re and im of each antenna. */
export function rxPlanes(shape: GridShape): number {
  return 2 * shape.nRx;
}

export function batchBytes(shape: BatchShape): number {
  const bytesPerElement = (rxPlanes(shape) + DMRS_PLANES) * FLOAT_BYTES + 1;
  return shape.batch * resourceElements(shape) * bytesPerElement;
}

export function batchViews(memory: SharedArrayBuffer, shape: BatchShape): BatchViews {
  const elements = shape.batch * resourceElements(shape);
  const rxLength = elements * rxPlanes(shape);
  const dmrsLength = elements * DMRS_PLANES;
  return {
    rxGrid: new Float32Array(memory, 0, rxLength),
    dmrs: new Float32Array(memory, rxLength * FLOAT_BYTES, dmrsLength),
    dataMask: new Uint8Array(memory, (rxLength + dmrsLength) * FLOAT_BYTES, elements),
  };
}

/** Copies the grids of `requests`, all of one shape, into the rows of `memory`. */
export function writeBatch(memory: SharedArrayBuffer, requests: readonly LlrRequest[]): void {
  const [first] = requests;
  if (first === undefined) return;
  const views = batchViews(memory, { ...first.shape, batch: requests.length });
  for (const [row, request] of requests.entries()) {
    views.rxGrid.set(request.rxGrid, row * request.rxGrid.length);
    views.dmrs.set(request.dmrs, row * request.dmrs.length);
    views.dataMask.set(request.dataMask, row * request.dataMask.length);
  }
}
