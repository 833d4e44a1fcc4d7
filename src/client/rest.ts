import { Buffer } from 'node:buffer';
import { SpikingRxError } from '../errors.js';
import type { LlrDatatypeName } from './messages.js';
import {
  bytesOf,
  type ClientGrid,
  type ComputeOptions,
  type GridLlr,
  type IqTensor,
  type ServedModel,
} from './types.js';
import { remoteError } from './wire.js';

export interface RestClientOptions {
  /** For example `http://127.0.0.1:8000`. */
  readonly baseUrl: string;
}

interface JsonAnswer {
  readonly model: string;
  readonly version: string;
  readonly results: readonly {
    readonly id: string;
    readonly llr: { datatype: LlrDatatypeName; shape: number[]; data: string };
    readonly timing: GridLlr['timing'];
  }[];
}

/** Client of the REST interface. Every error it throws is a {@link SpikingRxError}. */
export class RestLlrClient {
  readonly #base: string;

  constructor(options: RestClientOptions) {
    this.#base = options.baseUrl.replace(/\/+$/, '');
  }

  /**
   * The LLRs of all grids, in their order, as `application/octet-stream` both ways. All grids need the same
   * shape, datatype, scale and kind of DMRS (that is what the binary form describes once for all).
   */
  async compute(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const response = await this.#fetch(`/v1/llr?${binaryQuery(grids, options).toString()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: binaryBody(grids),
      ...(options.signal && { signal: options.signal }),
    });
    return binaryAnswer(grids, response.headers, new Uint8Array(await response.arrayBuffer()));
  }

  /** The same in JSON with base64; grids may differ in shape and datatype. */
  async computeJson(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const { model, version, output, timeoutMs, signal } = options;
    const body = { model, version, output, timeoutMs, grids: grids.map(jsonGrid) };
    const response = await this.#fetch('/v1/llr', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
    const answer = (await response.json()) as JsonAnswer;
    return answer.results.map(({ id, llr, timing }) => ({
      id,
      model: answer.model,
      version: answer.version,
      llr: { datatype: llr.datatype, shape: llr.shape, data: Buffer.from(llr.data, 'base64') },
      timing,
    }));
  }

  async models(): Promise<ServedModel[]> {
    const response = await this.#fetch('/v1/models', {});
    return ((await response.json()) as { models: ServedModel[] }).models;
  }

  async model(name: string): Promise<ServedModel> {
    const response = await this.#fetch(`/v1/models/${encodeURIComponent(name)}`, {});
    return (await response.json()) as ServedModel;
  }

  /** Whether the service answers and is ready for grids. */
  async ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.#base}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, init);
    } catch (cause) {
      if (init.signal?.aborted) throw new SpikingRxError('CANCELLED', 'the caller cancelled', { cause });
      throw new SpikingRxError('UNAVAILABLE', `no answer from ${this.#base}`, { cause });
    }
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

async function errorOf(response: Response): Promise<SpikingRxError> {
  const retryAfter = response.headers.get('retry-after');
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: Parameters<typeof remoteError>[0] };
    return remoteError({
      retryAfterMs: retryAfter === null ? undefined : 1000 * Number(retryAfter),
      ...error,
    });
  } catch {
    return new SpikingRxError('INTERNAL', `HTTP ${response.status} without the service's error form`);
  }
}

function jsonTensor(tensor: IqTensor): Record<string, unknown> {
  const { buffer, byteOffset, byteLength } = tensor.data;
  const data = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64');
  return { ...tensor, data };
}

function jsonGrid(grid: ClientGrid): Record<string, unknown> {
  const dmrs = 'config' in grid.dmrs ? grid.dmrs : jsonTensor(grid.dmrs);
  return { id: grid.id, rx: jsonTensor(grid.rx), dmrs };
}

/** The query that describes a binary request; see `GET /openapi.json`. */
export function binaryQuery(grids: readonly ClientGrid[], options: ComputeOptions): URLSearchParams {
  const [first] = grids;
  if (!first) throw new SpikingRxError('INVALID_ARGUMENT', 'grids: expected at least one, received none');
  const { rx, dmrs } = first;
  const { output = {} } = options;
  const entries: readonly (readonly [string, string | number | undefined])[] = [
    ['model', options.model],
    ['version', options.version],
    ['timeoutMs', options.timeoutMs],
    ['grids', grids.length],
    ['shape', rx.shape.join(',')],
    ['datatype', rx.datatype],
    ['scale', rx.scale],
    ...('config' in dmrs
      ? ([['dmrsConfig', JSON.stringify(dmrs.config)]] as const)
      : ([
          ['dmrsDatatype', dmrs.datatype],
          ['dmrsScale', dmrs.scale],
          ['cdmGroupsWithoutData', dmrs.cdmGroupsWithoutData],
        ] as const)),
    ['outputDatatype', output.datatype],
    ['outputLayout', output.layout],
    ['outputPolarity', output.polarity],
    ['outputScale', output.scale],
  ];
  const query = new URLSearchParams();
  for (const [key, value] of entries) if (value !== undefined) query.set(key, String(value));
  return query;
}

/** Grids back to back: the bytes of rx, then those of the DMRS tensor where there is one. */
export function binaryBody(grids: readonly ClientGrid[]): Buffer<ArrayBuffer> {
  const parts = grids.flatMap(({ rx, dmrs }) =>
    'config' in dmrs ? [bytesOf(rx.data)] : [bytesOf(rx.data), bytesOf(dmrs.data)],
  );
  return Buffer.concat(parts);
}

function binaryAnswer(grids: readonly ClientGrid[], headers: Headers, body: Uint8Array): GridLlr[] {
  const list = (name: string): string[] => (headers.get(`x-spikingrx-${name}`) ?? '').split(',');
  const datatype = headers.get('x-spikingrx-datatype') as LlrDatatypeName;
  const shapes = list('shapes').map((shape) => shape.split('x').map(Number));
  const [decodeMs, queueMs, computeMs, batchSizes] = [
    'decode-ms',
    'queue-ms',
    'compute-ms',
    'batch-size',
  ].map((name) => list(name).map(Number));
  const width = { f32: 4, f16: 2, i8: 1 }[datatype];
  let offset = 0;
  return grids.map(({ id }, i) => {
    const shape = shapes[i]!;
    const start = offset;
    offset += width * shape.reduce((product, n) => product * n, 1);
    return {
      id,
      model: headers.get('x-spikingrx-model') ?? '',
      version: headers.get('x-spikingrx-version') ?? '',
      llr: { datatype, shape, data: body.subarray(start, offset) },
      timing: {
        decodeMs: decodeMs![i]!,
        queueMs: queueMs![i]!,
        computeMs: computeMs![i]!,
        batchSize: batchSizes![i]!,
      },
    };
  });
}
