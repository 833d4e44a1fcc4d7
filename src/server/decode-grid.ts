import type { GridShape, LlrFormat, LlrModelInfo, LlrRequest, Priority } from '../engine/types.js';
import { invalid } from '../errors.js';
import { DEFAULT_SCALE, deinterleave, IQ_BYTES, IQ_DATATYPE_NAMES, type IqDatatype } from '../iq.js';
import { dataMask } from '../nr/resource-map.js';
import { SUBCARRIERS_PER_RB, SYMBOLS_PER_SLOT } from '../nr/shape.js';
import { decodeBase64 } from './base64.js';
import { FloatPool } from './float-pool.js';
import { checkAmplitude, PilotCache, type Pilots } from './pilots.js';
import { SnrEstimator } from './snr-estimate.js';
import type { WireDmrs, WireFormat, WireGrid, WireIq } from './wire-grid.js';

/** Longest id, in UTF-16 units: ids are echoed, logged and kept for every grid in flight. */
export const MAX_ID_LENGTH = 256;
/** The slots of a frame of a 100 MHz carrier, or those of many narrower ones. */
const PILOT_CACHE_BYTES = 32 * 2 ** 20;
/** As many grids as are in flight when the service is busy. */
const POOL_BYTES = 32 * 2 ** 20;
/**
 * RMS of the samples of a grid, after `scale`, that is taken. The model normalises what it receives by its mean
 * power, in float32: below this range it drowns in the normalisation's own regularisation, above it the square
 * of one strong sample overflows.
 */
const MIN_RX_RMS = 1e-9;
const MAX_RX_RMS = 1e16;

export interface DecodeContext {
  readonly model: LlrModelInfo;
  /** Path of the grid in its request, for example `grids[0]`. */
  readonly field: string;
  /** Widest grid that is taken. */
  readonly maxPrb: number;
  /** On the `performance.now()` clock. */
  readonly deadlineMs: number;
  readonly urgent: boolean;
  readonly signal: AbortSignal | undefined;
  readonly client: string;
  readonly priority: Priority;
  readonly watched?: object | undefined;
}

export interface DecodedGrid extends LlrRequest {
  /** As {@link SnrEstimator.estimate} has it. */
  readonly estimatedSnrDb: number | undefined;
}

/** Validates grids and decodes them into the model's layout, in buffers that are used over and over. */
export class GridDecoder {
  readonly #pilots = new PilotCache(PILOT_CACHE_BYTES);
  readonly #buffers = new FloatPool(POOL_BYTES);

  /** @throws INVALID_ARGUMENT that names the field, what was expected and what came. */
  decode(grid: WireGrid, context: DecodeContext): DecodedGrid {
    const { model, field, deadlineMs, urgent, signal, client, priority, watched } = context;
    checkId(grid.id, `${field}.id`);
    if (!grid.rx) throw invalid(`${field}.rx`, 'a received grid', 'none');
    const shape = rxShape(grid.rx.shape, context);
    if (!grid.dmrs) throw invalid(`${field}.dmrs`, 'a pilot tensor or a configuration', 'none');
    const rxGrid = this.#decodeRx(grid.rx, shape, `${field}.rx`);
    const pilots = this.#decodePilots(grid.dmrs, shape, `${field}.dmrs`);
    return {
      id: grid.id,
      model: model.name,
      version: model.version,
      instance: model.instance,
      shape,
      rxGrid,
      dmrs: pilots.dmrs,
      dataMask: pilots.dataMask,
      format: grid.format,
      deadlineMs,
      urgent,
      client,
      priority,
      watched,
      signal,
      estimatedSnrDb: pilots.snr.estimate(rxGrid, shape),
    };
  }

  /** To be called once, when a request has its answer or its error: its samples are overwritten. */
  release(request: LlrRequest): void {
    this.#buffers.give(request.rxGrid);
  }

  #decodeRx(tensor: WireIq, shape: GridShape, field: string): Float32Array<ArrayBuffer> {
    const { nRx, nSym, nSc } = shape;
    const out = this.#buffers.take(2 * nRx * nSym * nSc);
    try {
      const power = decodeIq(tensor, { planes: nRx, planeSize: nSym * nSc, field }, out);
      checkRms(Math.sqrt(power), `${field}.data`);
      return out;
    } catch (error) {
      this.#buffers.give(out);
      throw error;
    }
  }

  #decodePilots(wire: WireDmrs, shape: GridShape, field: string): Pilots {
    return wire.kind === 'config'
      ? this.#pilots.get(wire.config, shape, `${field}.config`)
      : tensorPilots(wire, shape, field);
  }
}

function checkRms(rms: number, field: string): void {
  const expected = `samples with an RMS from ${MIN_RX_RMS} to ${MAX_RX_RMS} after scaling`;
  if (rms === 0) throw invalid(field, expected, 'zeros only');
  if (!(rms >= MIN_RX_RMS && rms <= MAX_RX_RMS)) throw invalid(field, expected, `RMS ${rms.toPrecision(3)}`);
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
  if (!Number.isInteger(nSym) || nSym < 1 || nSym > SYMBOLS_PER_SLOT)
    throw invalid(field, `nSym from 1 to ${SYMBOLS_PER_SLOT}`, received);
  if (!Number.isInteger(nSc) || nSc < 1 || nSc % SUBCARRIERS_PER_RB !== 0)
    throw invalid(field, `nSc a positive multiple of ${SUBCARRIERS_PER_RB}`, received);
  if (nSc > maxPrb * SUBCARRIERS_PER_RB)
    throw invalid(field, `nSc of at most ${maxPrb * SUBCARRIERS_PER_RB} (${maxPrb} PRB)`, received);
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

/** Decodes into `out` `[2·planes, planeSize]`. @returns mean power of a sample. */
function decodeIq(
  tensor: WireIq,
  layout: { readonly planes: number; readonly planeSize: number; readonly field: string },
  out: Float32Array,
): number {
  const { planes, planeSize, field } = layout;
  const datatype = IQ_DATATYPE_NAMES.find((name) => name === tensor.datatype);
  if (!datatype) throw invalid(`${field}.datatype`, IQ_DATATYPE_NAMES.join(', '), tensor.datatype);
  const scale = checkScale(tensor.scale, DEFAULT_SCALE[datatype], `${field}.scale`);
  const dataField = `${field}.data`;
  const bytes = typeof tensor.data === 'string' ? decodeBase64(tensor.data, dataField) : tensor.data;
  checkLength({ bytes, datatype, shape: tensor.shape, field: dataField });
  return deinterleave({ datatype, bytes, planes, planeSize, scale }, out, dataField);
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

function tensorPilots(wire: WireDmrs & { kind: 'tensor' }, shape: GridShape, field: string): Pilots {
  const { nSym, nSc } = shape;
  const { tensor } = wire;
  if (tensor.shape.length !== 2 || tensor.shape[0] !== nSym || tensor.shape[1] !== nSc)
    throw invalid(`${field}.shape`, `[${nSym}, ${nSc}], as rx`, `[${tensor.shape.slice(0, 8).join(', ')}]`);
  const groups = wire.cdmGroupsWithoutData ?? 1;
  if (groups !== 1 && groups !== 2)
    throw invalid(`${field}.cdmGroupsWithoutData`, '1 or 2 with a pilot tensor', String(groups));
  const planeSize = nSym * nSc;
  const dmrs = new Float32Array(2 * planeSize);
  const meanPower = decodeIq(tensor, { planes: 1, planeSize, field }, dmrs);
  if (meanPower === 0) throw invalid(`${field}.data`, 'at least one pilot that is not zero', 'zeros only');
  checkAmplitude(Math.sqrt((meanPower * planeSize) / pilotCount(dmrs)), `${field}.data`);
  // Of raw pilots the comb is not known. One group: only the pilots are left out. Two groups of type 1 are
  // every subcarrier, so symbols with pilots hold no data.
  const reserved = groups === 2 ? ({ configType: 1, cdmGroupsWithoutData: 2 } as const) : undefined;
  return { dmrs, dataMask: dataMask(dmrs, shape, reserved), snr: new SnrEstimator(dmrs, shape) };
}

/** Resource elements of `[2, planeSize]` that hold a pilot. */
function pilotCount(dmrs: Float32Array): number {
  const planeSize = dmrs.length / 2;
  let count = 0;
  for (let re = 0; re < planeSize; re++) if (dmrs[re] !== 0 || dmrs[planeSize + re] !== 0) count++;
  return count;
}
