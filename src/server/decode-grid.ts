import type { GridShape, LlrFormat, LlrRequest, ModelInfo } from '../engine/types.js';
import { invalid } from '../errors.js';
import { dmrsGrid, type DmrsConfig } from '../nr/dmrs.js';
import { dataMask } from '../nr/resource-map.js';
import { decodeBase64 } from './base64.js';
import { DEFAULT_SCALE, deinterleave, IQ_BYTES, IQ_DATATYPE_NAMES, type IqDatatype } from './iq.js';
import type { WireDmrs, WireDmrsConfig, WireFormat, WireGrid, WireIq } from './wire-grid.js';

/** Longest id, in UTF-16 units: ids are echoed, logged and kept for every grid in flight. */
export const MAX_ID_LENGTH = 256;
const SUBCARRIERS_PER_PRB = 12;
const MAX_SYMBOLS = 14;

export interface DecodeContext {
  readonly model: ModelInfo;
  /** Path of the grid in its request, for example `grids[0]`. */
  readonly field: string;
  /** Widest grid that is taken. */
  readonly maxPrb: number;
  /** On the `performance.now()` clock. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Validates a grid and decodes it into the model's layout.
 * @throws INVALID_ARGUMENT that names the field, what was expected and what came.
 */
export function decodeGrid(grid: WireGrid, context: DecodeContext): LlrRequest {
  const { model, field, deadlineMs, signal } = context;
  checkId(grid.id, `${field}.id`);
  if (!grid.rx) throw invalid(`${field}.rx`, 'a received grid', 'none');
  const shape = rxShape(grid.rx.shape, context);
  if (!grid.dmrs) throw invalid(`${field}.dmrs`, 'a pilot tensor or a configuration', 'none');
  const planeSize = shape.nSym * shape.nSc;
  const rxGrid = decodeIq(grid.rx, { planes: shape.nRx, planeSize, field: `${field}.rx` });
  const pilots = decodePilots(grid.dmrs, shape, `${field}.dmrs`);
  return {
    id: grid.id,
    model: model.name,
    version: model.version,
    shape,
    rxGrid,
    dmrs: pilots.dmrs,
    dataMask: pilots.dataMask,
    format: grid.format,
    deadlineMs,
    ...(signal && { signal }),
  };
}

/** @throws INVALID_ARGUMENT for an empty or an overlong id. */
export function checkId(id: string, field: string): void {
  if (id === '') throw invalid(field, 'a text that is not empty', 'an empty one');
  if (id.length > MAX_ID_LENGTH)
    throw invalid(field, `at most ${MAX_ID_LENGTH} characters`, `${id.length} characters`);
}

function rxShape(shape: readonly number[], context: DecodeContext): GridShape {
  const field = `${context.field}.rx.shape`;
  const [nRx = 0, nSym = 0, nSc = 0] = shape;
  if (shape.length !== 3)
    throw invalid(field, '[nRx, nSym, nSc]', `${shape.length} dimensions [${shape.slice(0, 8).join(', ')}]`);
  const received = `[${shape.join(', ')}]`;
  const { model, maxPrb } = context;
  if (nRx !== model.nRx)
    throw invalid(field, `nRx = ${model.nRx} (model ${model.name} version ${model.version})`, received);
  if (!Number.isInteger(nSym) || nSym < 1 || nSym > MAX_SYMBOLS)
    throw invalid(field, `nSym from 1 to ${MAX_SYMBOLS}`, received);
  if (!Number.isInteger(nSc) || nSc < 1 || nSc % SUBCARRIERS_PER_PRB !== 0)
    throw invalid(field, `nSc a positive multiple of ${SUBCARRIERS_PER_PRB}`, received);
  if (nSc > maxPrb * SUBCARRIERS_PER_PRB)
    throw invalid(field, `nSc of at most ${maxPrb * SUBCARRIERS_PER_PRB} (${maxPrb} PRB)`, received);
  const dimensions = model.inputs.find(({ name }) => name === 'rx_grid')?.shape ?? [];
  for (const [axis, name, value] of [
    [2, 'nSym', nSym],
    [3, 'nSc', nSc],
  ] as const) {
    const fixed = dimensions[axis];
    if (typeof fixed === 'number' && fixed !== value)
      throw invalid(field, `${name} = ${fixed} (model ${model.name})`, received);
  }
  return { nRx, nSym, nSc };
}

function decodeIq(
  tensor: WireIq,
  layout: { readonly planes: number; readonly planeSize: number; readonly field: string },
): Float32Array<ArrayBuffer> {
  const { planes, planeSize, field } = layout;
  const datatype = IQ_DATATYPE_NAMES.find((name) => name === tensor.datatype);
  if (!datatype) throw invalid(`${field}.datatype`, IQ_DATATYPE_NAMES.join(', '), tensor.datatype);
  const scale = checkScale(tensor.scale, DEFAULT_SCALE[datatype], `${field}.scale`);
  const dataField = `${field}.data`;
  const bytes = typeof tensor.data === 'string' ? decodeBase64(tensor.data, dataField) : tensor.data;
  checkLength({ bytes, datatype, shape: tensor.shape, field: dataField });
  return deinterleave({ datatype, bytes, planes, planeSize, scale }, dataField);
}

function checkLength(tensor: {
  readonly bytes: Uint8Array;
  readonly datatype: IqDatatype;
  readonly shape: readonly number[];
  readonly field: string;
}): void {
  const { bytes, datatype, shape, field } = tensor;
  const expected = shape.reduce((product, n) => product * n, IQ_BYTES[datatype]);
  if (bytes.byteLength !== expected)
    throw invalid(
      field,
      `${expected} bytes (${shape.join(' x ')} samples of ${datatype})`,
      `${bytes.byteLength} bytes`,
    );
}

function checkScale(scale: number | undefined, fallback: number, field: string): number {
  if (scale === undefined) return fallback;
  if (!(Number.isFinite(scale) && scale > 0)) throw invalid(field, 'a positive finite number', String(scale));
  return scale;
}

/**
 * Fills in the defaults of an output format.
 * @throws INVALID_ARGUMENT for a scale that is not positive and finite.
 */
export function llrFormat(output: WireFormat | undefined, field: string): LlrFormat {
  return {
    datatype: output?.datatype ?? 'f32',
    layout: output?.layout ?? 'codeword',
    polarity: output?.polarity ?? 'p0_over_p1',
    scale: checkScale(output?.scale, 1, `${field}.scale`),
  };
}

interface Pilots {
  /** `[2, nSym, nSc]` float32. */
  readonly dmrs: Float32Array<ArrayBuffer>;
  /** `[nSym, nSc]`, 1 where the resource element carries data. */
  readonly dataMask: Uint8Array<ArrayBuffer>;
}

function decodePilots(wire: WireDmrs, shape: GridShape, field: string): Pilots {
  if (wire.kind === 'config') {
    const config = dmrsConfig(wire.config, `${field}.config`);
    const dmrs = dmrsGrid(config, shape, `${field}.config`);
    return { dmrs, dataMask: dataMask(dmrs, shape, config) };
  }
  const { nSym, nSc } = shape;
  const { tensor } = wire;
  if (tensor.shape.length !== 2 || tensor.shape[0] !== nSym || tensor.shape[1] !== nSc)
    throw invalid(`${field}.shape`, `[${nSym}, ${nSc}], as rx`, `[${tensor.shape.slice(0, 8).join(', ')}]`);
  const groups = wire.cdmGroupsWithoutData ?? 1;
  if (groups !== 1 && groups !== 2)
    throw invalid(`${field}.cdmGroupsWithoutData`, '1 or 2 with a pilot tensor', String(groups));
  const dmrs = decodeIq(tensor, { planes: 1, planeSize: nSym * nSc, field });
  if (!dmrs.some((value) => value !== 0))
    throw invalid(`${field}.data`, 'at least one pilot that is not zero', 'zeros only');
  // Of raw pilots the comb is not known. One group: only the pilots are left out. Two groups of type 1 are
  // every subcarrier, so symbols with pilots hold no data.
  const reserved = groups === 2 ? ({ configType: 1, cdmGroupsWithoutData: 2 } as const) : undefined;
  return { dmrs, dataMask: dataMask(dmrs, shape, reserved) };
}

/** Required keys checked and defaults filled in; src/nr checks the ranges. */
function dmrsConfig(wire: WireDmrsConfig, field: string): DmrsConfig {
  const { symbolPositions, nId, slot } = wire;
  if (symbolPositions === undefined || symbolPositions.length === 0)
    throw invalid(`${field}.symbolPositions`, 'the OFDM symbols that carry DMRS', 'none');
  if (nId === undefined) throw invalid(`${field}.nId`, 'the scrambling identity N_ID', 'none');
  if (slot === undefined) throw invalid(`${field}.slot`, 'the slot number in the frame', 'none');
  return {
    symbolPositions,
    nId,
    slot,
    // The ranges of these are checked by dmrsGrid, which refuses what the narrow types do not allow.
    configType: (wire.configType ?? 1) as DmrsConfig['configType'],
    nScid: (wire.nScid ?? 0) as DmrsConfig['nScid'],
    cdmGroupsWithoutData: (wire.cdmGroupsWithoutData ?? 1) as DmrsConfig['cdmGroupsWithoutData'],
    symbolsPerSlot: (wire.symbolsPerSlot ?? 14) as 12 | 14,
    scale: wire.scale ?? 1,
    startRb: wire.startRb ?? 0,
    port: wire.port ?? 0,
    startSymbol: wire.startSymbol ?? 0,
  };
}
