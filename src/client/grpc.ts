import {
  Client,
  Metadata,
  credentials,
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientDuplexStream,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { SpikingRxError } from '../errors.js';
import { grpcError } from './grpc-error.js';
import type { StreamLlrRequestMessage, StreamLlrResponseMessage } from '../wire/messages.js';
import { llrServiceDefinition as rpc } from '../wire/proto.js';
import type { ClientTls } from './tls.js';
import { streamGrids, type StreamAnswer, type StreamOptions } from './stream.js';
import type { ClientGrid, ComputeOptions, DecodeReport, GridLlr, ReportTally, ServedModel } from './types.js';
import { gridLlr, requestMessage, servedModel } from './wire.js';

export interface GrpcClientOptions {
  /** `host:port`. */
  readonly target: string;
  /** TLS; plain text when left out. `{}` trusts what the system trusts. */
  readonly tls?: ClientTls;
  /** An API key or a token, sent with every call. */
  readonly token?: string;
  /** Largest message in either direction, in bytes; 64 MiB when left out. */
  readonly maxMessageBytes?: number;
}

/** Client of `spikingrx.v1.LlrService`. Every error it throws is a {@link SpikingRxError}. */
export class GrpcLlrClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(options: GrpcClientOptions) {
    if (options.token !== undefined) this.#metadata.set('authorization', `Bearer ${options.token}`);
    const limit = options.maxMessageBytes ?? 64 * 2 ** 20;
    this.#client = new Client(options.target, channelCredentials(options.tls), {
      ...nameOverride(options.tls),
      'grpc.max_receive_message_length': limit,
      'grpc.max_send_message_length': limit,
      // The default window of 64 KiB holds a fraction of one wide grid.
      'grpc-node.flow_control_window': 4 * 2 ** 20,
      // Own connection: a second client in one process must not share this one's HTTP/2 window.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  /** Resolves when the connection is up. @throws UNAVAILABLE after `timeoutMs`. */
  async connect(timeoutMs = 5000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.waitForReady(Date.now() + timeoutMs, (error) =>
        error
          ? reject(new SpikingRxError('UNAVAILABLE', this.#unreached(timeoutMs), { cause: error }))
          : resolve(),
      );
    });
  }

  #unreached(timeoutMs: number): string {
    const target = this.#client.getChannel().getTarget().replace(/^dns:/, '');
    return `no connection to ${target} in ${timeoutMs} ms: is it there, and do both sides agree on TLS?`;
  }

  /** The LLRs of all grids, in their order. */
  async compute(grids: readonly ClientGrid[], options: ComputeOptions = {}): Promise<GridLlr[]> {
    const answer = await this.#unary(rpc.ComputeLlr, requestMessage(grids, options), options);
    return answer.results.map(gridLlr);
  }

  /**
   * Sends grids on one stream, at most `window` of them unanswered, and yields an answer for each. Arrays
   * travel as one message. Takes no grid from `source` that the window or the connection has no room for.
   */
  stream(
    source: AsyncIterable<ClientGrid | readonly ClientGrid[]> | Iterable<ClientGrid | readonly ClientGrid[]>,
    options: StreamOptions = {},
  ): AsyncGenerator<StreamAnswer, void, undefined> {
    return streamGrids(() => this.openStream(), source, options);
  }

  /** The bare stream, for callers that do their own flow control. */
  openStream(
    options: CallOptions = {},
  ): ClientDuplexStream<StreamLlrRequestMessage, StreamLlrResponseMessage> {
    const { path, requestSerialize, responseDeserialize } = rpc.StreamLlr;
    return this.#client.makeBidiStreamRequest(
      path,
      requestSerialize as (value: StreamLlrRequestMessage) => Buffer,
      responseDeserialize,
      this.#metadata,
      options,
    );
  }

  /** Tells what became of answered grids, at most 1024 at once. */
  async reportDecode(reports: readonly DecodeReport[]): Promise<ReportTally> {
    const { matched, unknown, duplicate } = await this.#unary(rpc.ReportDecode, { reports }, {});
    return { matched, unknown, duplicate };
  }

  async model(name = '', version = ''): Promise<ServedModel> {
    return servedModel(await this.#unary(rpc.GetModel, { name, version }, {}));
  }

  async models(): Promise<ServedModel[]> {
    const { models } = await this.#unary(rpc.ListModels, {}, {});
    return models.map(servedModel);
  }

  close(): void {
    this.#client.close();
  }

  async #unary<Q, A>(
    method: MethodDefinition<Q, A>,
    request: Q,
    options: Pick<ComputeOptions, 'timeoutMs' | 'signal'>,
  ): Promise<A> {
    const { timeoutMs, signal } = options;
    signal?.throwIfAborted();
    return await new Promise<A>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest<Q, A>(
        method.path,
        method.requestSerialize as (value: Q) => Buffer,
        method.responseDeserialize,
        request,
        this.#metadata,
        timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
        (error, answer) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(grpcError(error));
          else resolve(answer as A);
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }
}

function channelCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  return credentials.createSsl(bytesOrNull(ca), bytesOrNull(key), bytesOrNull(cert));
}

function bytesOrNull(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function nameOverride(tls: ClientTls | undefined): ChannelOptions {
  return tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName };
}
