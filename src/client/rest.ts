import { SpikingRxError } from '../errors.js';
import { HttpConnection, type HttpRequest, type HttpResponse } from './http.js';
import type { LlrDatatypeName } from '../wire/messages.js';
import type { SpikesAnswer } from '../wire/spikes.js';
import { binaryAnswer, binaryBody, binaryQuery, describedAlike, ofWholeRequest } from './rest-binary.js';
import { gridSpikes, type GridSpikes, type SpikesOptions } from './spikes.js';
import type { ClientTls } from './tls.js';
import type {
  ClientGrid,
  ComputeOptions,
  DecodeReport,
  GridLlr,
  IqTensor,
  ReportTally,
  ServedModel,
} from './types.js';
import { remoteError } from './wire.js';

export interface RestClientOptions {
  /** For example `http://127.0.0.1:8000`. */
  readonly baseUrl: string;
  /** An API key or a token, sent with every request. */
  readonly token?: string;
  /** For an https address; what the system trusts when left out. */
  readonly tls?: ClientTls;
}

/** Requests of one `compute` that are out at a time. */
const MAX_REQUESTS = 4;

interface JsonAnswer {
  readonly model: string;
  readonly version: string;
  readonly results: readonly {
    readonly id: string;
    readonly llr: { datatype: LlrDatatypeName; shape: number[]; data: string };
    readonly timing: GridLlr['timing'];
    readonly provenance: GridLlr['provenance'];
    readonly quality: Partial<GridLlr['quality']>;
  }[];
}

/** Client of the REST interface. Every error it throws is a {@link SpikingRxError}. */
export class RestLlrClient {
  readonly #http: HttpConnection;

  constructor(options: RestClientOptions) {
    this.#http = new HttpConnection(options.baseUrl, options);
  }

  /**
   * The LLRs of all grids, in their order, as `application/octet-stream` both ways. The binary form describes
   * its grids once for all, so grids that differ in anything but samples and id travel in requests of their
   * own, a few at a time; `computeJson` is one request whatever the grids, at several times the bytes.
   * @throws the error of the first grid that fails; the requests that are still out are cancelled then.
   */
  async compute(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const groups = describedAlike(grids);
    const [first] = groups;
    if (first !== undefined && groups.length === 1) return this.#binary(first.grids, options);
    const answers = new Map<number, GridLlr>();
    const failed = new AbortController();
    const signals = options.signal === undefined ? [] : [options.signal];
    const signal = AbortSignal.any([failed.signal, ...signals]);
    const waiting = groups.values();
    const sender = async (): Promise<void> => {
      for (const { grids: alike, positions } of waiting) {
        if (failed.signal.aborted) return;
        const llrs = await this.#binary(alike, { ...options, signal }).catch((error: unknown) => {
          throw ofWholeRequest(error, positions);
        });
        for (const [i, llr] of llrs.entries()) answers.set(positions[i]!, llr);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(MAX_REQUESTS, groups.length) }, sender));
    } finally {
      failed.abort();
    }
    return grids.map((_, i) => answers.get(i)!);
  }

  /** The same in JSON with base64; grids may differ in shape and datatype. */
  async computeJson(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const { model, version, output, timeoutMs, priority, signal } = options;
    const request = { model, version, output, timeoutMs, priority, grids: grids.map(jsonGrid) };
    const { body } = await this.#send({
      method: 'POST',
      path: '/v1/llr',
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify(request)),
      signal,
    });
    const answer = parse(body) as JsonAnswer;
    return answer.results.map(({ id, llr, timing, provenance, quality }) => ({
      id,
      model: answer.model,
      version: answer.version,
      llr: { datatype: llr.datatype, shape: llr.shape, data: Buffer.from(llr.data, 'base64') },
      timing,
      provenance,
      quality: { estimatedSnrDb: undefined, meanAbsLlr: 0, saturatedFraction: 0, ...quality },
    }));
  }

  /** What happens inside the spiking layers of a model while it computes the LLRs of a grid. */
  async spikes(grid: ClientGrid, options: SpikesOptions = {}): Promise<GridSpikes> {
    const { layers, kinds, signal } = options;
    // A check of the grid, which the service could not make.
    describedAlike([grid]);
    const query = binaryQuery([grid], options);
    if (layers !== undefined) query.set('layers', layers.join(','));
    if (kinds !== undefined && kinds.length > 0) query.set('kinds', kinds.join(','));
    const { body } = await this.#send({
      method: 'POST',
      path: `/v1/spikes?${query.toString()}`,
      contentType: 'application/octet-stream',
      body: binaryBody([grid]),
      signal,
    });
    return gridSpikes({ ...(parse(body) as SpikesAnswer), id: grid.id });
  }

  async models(): Promise<ServedModel[]> {
    const { body } = await this.#send({ method: 'GET', path: '/v1/models' });
    return (parse(body) as { models: ServedModel[] }).models;
  }

  async model(name: string): Promise<ServedModel> {
    const { body } = await this.#send({ method: 'GET', path: `/v1/models/${encodeURIComponent(name)}` });
    return parse(body) as ServedModel;
  }

  /** Tells what became of answered grids, at most 1024 at once. */
  async reportDecode(reports: readonly DecodeReport[]): Promise<ReportTally> {
    const { body } = await this.#send({
      method: 'POST',
      path: '/v1/decode-reports',
      contentType: 'application/json',
      body: Buffer.from(JSON.stringify({ reports })),
    });
    return parse(body) as ReportTally;
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

  /** One request, of grids that are described alike. */
  async #binary(grids: readonly ClientGrid[], options: ComputeOptions): Promise<GridLlr[]> {
    const { headers, body } = await this.#send({
      method: 'POST',
      path: `/v1/llr?${binaryQuery(grids, options).toString()}`,
      contentType: 'application/octet-stream',
      body: binaryBody(grids),
      signal: options.signal,
    });
    return binaryAnswer(grids, headers, body);
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
  const { id, deadlineUs, slotTiming } = grid;
  return { id, rx: jsonTensor(grid.rx), dmrs, deadlineUs, slotTiming };
}
