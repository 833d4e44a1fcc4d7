import type { IncomingHttpHeaders } from 'node:http';
import { SpikingRxError } from '../errors.js';
import { HttpConnection, type HttpRequest, type HttpResponse } from './http.js';
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
  readonly #http: HttpConnection;

  constructor(options: RestClientOptions) {
    this.#http = new HttpConnection(options.baseUrl);
  }

  /**
   * The LLRs of all grids, in their order, as `application/octet-stream` both ways. All grids need the same
   * shape, datatype, scale and kind of DMRS (that is what the binary form describes once for all).
   */
  async compute(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const { headers, body } = await this.#send({
      method: 'POST',
      path: `/v1/llr?${binaryQuery(grids, options).toString()}`,
      contentType: 'application/octet-stream',
      body: binaryBody(grids),
      signal: options.signal,
    });
    return binaryAnswer(grids, headers, body);
  }

  /** The same in JSON with base64; grids may differ in shape and datatype. */
  async computeJson(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const { model, version, output, timeoutMs, signal } = options;
    const request = { model, version, output, timeoutMs, grids: grids.map(jsonGrid) };
    const { body } = await this.#send({
      method: 'POST',
      path: '/v1/llr',
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(request)),
      signal,
    });
    const answer = parse(body) as JsonAnswer;
    return answer.results.map(({ id, llr, timing }) => ({
      id,
      model: answer.model,
      version: answer.version,
      llr: { datatype: llr.datatype, shape: llr.shape, data: Buffer.from(llr.data, 'base64') },
      timing,
    }));
  }

  async models(): Promise<ServedModel[]> {
    const { body } = await this.#send({ method: 'GET', path: '/v1/models' });
    return (parse(body) as { models: ServedModel[] }).models;
  }

  async model(name: string): Promise<ServedModel> {
    const { body } = await this.#send({ method: 'GET', path: `/v1/models/${encodeURIComponent(name)}` });
    return parse(body) as ServedModel;
  }

  /** Whether the service answers and is ready for grids. */
  async ready(): Promise<boolean> {
    try {
      await this.#send({ method: 'GET', path: '/readyz' });
      return true;
    } catch {
      return false;
    }
  }

  /** Closes the kept connections. */
  close(): void {
    this.#http.close();
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    const response = await this.#http.send(request);
    if (response.status >= 200 && response.status < 300) return response;
    throw errorOf(response);
  }
}

function parse(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

function errorOf({ status, headers, body }: HttpResponse): SpikingRxError {
  const retryAfter = headers['retry-after'];
  try {
    const { error } = parse(body) as { error: Parameters<typeof remoteError>[0] };
    return remoteError({
      retryAfterMs: retryAfter === undefined ? undefined : 1000 * Number(retryAfter),
      ...error,
    });
  } catch {
    return new SpikingRxError('INTERNAL', `HTTP ${status} without the service's error form`);
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

function binaryAnswer(
  grids: readonly ClientGrid[],
  headers: IncomingHttpHeaders,
  body: Uint8Array,
): GridLlr[] {
  const header = (name: string): string => String(headers[`x-spikingrx-${name}`] ?? '');
  const list = (name: string): string[] => header(name).split(',');
  const datatype = header('datatype') as LlrDatatypeName;
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
      model: header('model'),
      version: header('version'),
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
