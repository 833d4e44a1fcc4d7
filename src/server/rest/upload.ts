import { Transform, type Readable, type TransformCallback } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Permit } from '../../engine/types.js';
import { maxJsonBytes, maxRequestBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { toSpikingRxError } from '../errors.js';
import type { App } from './app-type.js';
import { bodyRefusal, HttpRefusal } from './errors.js';
import { GzipBody } from './gzip-body.js';
import { wasAnswered } from './record.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborted when the client goes away before its answer. */
    gone: AbortSignal;
    /** When the body had come whole, on the `performance.now()` clock. */
    receivedMs: number;
  }
}

/** For the routes that take uploads, before any of them. */
export function prepareUploads(app: App): void {
  app.decorateRequest('gone');
  app.decorateRequest('receivedMs', 0);
}

/** Whether the body is announced as `application/octet-stream`. */
export function isBinary(headers: { readonly 'content-type'?: string | undefined }): boolean {
  return headers['content-type']?.startsWith('application/octet-stream') ?? false;
}

/** Most bytes of a body. */
export function bodyLimit(request: Pick<FastifyRequest, 'headers'>, core: ServiceCore): number {
  return (isBinary(request.headers) ? maxRequestBytes : maxJsonBytes)(core.config);
}

/** Before the body is read: refuses what is encoded otherwise than with gzip, and what there is no room for as things stand. */
export function checkUpload(request: FastifyRequest, reply: FastifyReply, core: ServiceCore): void {
  const abort = new AbortController();
  request.gone = abort.signal;
  reply.raw.once('close', () => {
    if (!wasAnswered(reply)) abort.abort();
  });
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip') {
    const details = { field: 'content-encoding', expected: 'gzip, or none', received: encoding.slice(0, 40) };
    throw new HttpRefusal(415, details, { 'accept-encoding': 'gzip, identity' });
  }
  const length = Number(request.headers['content-length'] ?? 0);
  // What is beyond the limit is refused as such by the body reader, whether or not there is room.
  if (length <= bodyLimit(request, core))
    core.engine.admit({ grids: 0, bytes: length, client: request.client }).release();
}

/** Room for the grids, or rows, of a request: released when the answer is out, or the connection lost. */
export function admitGrids({ request, reply, core }: Upload, grids: number): void {
  const permit = core.admit({ grids, bytes: 0, client: request.client });
  reply.raw.once('close', () => permit.release());
}

interface Upload {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly core: ServiceCore;
}

/**
 * The body, decompressed, taking room for its bytes as they come: what is only announced holds nothing, and what
 * is being uploaded is bounded. The room is given back when the answer is out or the connection lost. A body that
 * runs out of room half-way is refused with QUEUE_FULL, one that grows too large with PAYLOAD_TOO_LARGE, and the
 * rest of it ignored.
 */
export function admittedBody(body: Readable, upload: Upload): Readable {
  const { request, reply } = upload;
  const gzip = request.headers['content-encoding'] === 'gzip' ? new GzipBody(body) : undefined;
  const source = gzip?.decoded ?? body;
  const room = new Room(upload, gzip);
  const blocks = new Blocks((bytes) => room.take(bytes));
  const ignoreRest = (): void => {
    source.unpipe(blocks);
    gzip?.abandon();
    body.resume();
  };
  blocks.once('error', ignoreRest);
  blocks.once('end', () => {
    request.receivedMs = performance.now();
  });
  reply.raw.once('close', () => {
    // Answered before the body was read, as unsupported ones are: what still comes must take no room.
    ignoreRest();
    blocks.destroy();
    room.release();
  });
  body.once('error', (error) => blocks.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) blocks.destroy();
  });
  if (!gzip) return body.pipe(blocks);
  gzip.decoded.once('error', () =>
    blocks.destroy(bodyRefusal(400, 'gzip', 'something else, or a part of it')),
  );
  // By this Fastify knows that the length announced is not that of what it reads.
  return Object.defineProperty(source.pipe(blocks), 'receivedEncodedLength', {
    get: () => gzip.encodedBytes,
  });
}

/** What a body takes of the service's room. */
class Room {
  readonly #permits: Permit[] = [];
  readonly #limit: number;
  #bytes = 0;

  constructor(
    private readonly upload: Upload,
    private readonly gzip: GzipBody | undefined,
  ) {
    this.#limit = bodyLimit(upload.request, upload.core);
  }

  /** @throws QUEUE_FULL, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limit) throw bodyRefusal(413, `at most ${this.#limit} bytes`, 'more');
    this.gzip?.checkRatio(this.#bytes);
    const { core, request } = this.upload;
    this.#permits.push(core.admit({ grids: 0, bytes, client: request.client }));
  }

  release(): void {
    for (const permit of this.#permits.splice(0)) permit.release();
  }
}

/** Chunks below this are joined: HTTP allows chunks of one byte, and each would be a buffer and a permit. */
const BLOCK_BYTES = 16_384;

/** Passes bytes on in blocks, each after `admit`, which throws where there is no room. */
class Blocks extends Transform {
  /** A small chunk as it came; copied only when a second one is to be joined to it. */
  #single: Buffer | undefined;
  #joined: Buffer | undefined;
  #length = 0;

  constructor(private readonly admit: (bytes: number) => void) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#attempt(done, () => {
      if (chunk.byteLength < BLOCK_BYTES) return this.#join(chunk);
      this.#passPending();
      this.#pass(chunk);
    });
  }

  override _flush(done: TransformCallback): void {
    this.#attempt(done, () => this.#passPending());
  }

  #attempt(done: TransformCallback, work: () => void): void {
    try {
      work();
      done();
    } catch (error) {
      done(toSpikingRxError(error));
    }
  }

  #join(chunk: Buffer): void {
    if (!this.#single && this.#length === 0) {
      this.#single = chunk;
      return;
    }
    const first = this.#single;
    this.#single = undefined;
    if (first) this.#copy(first);
    this.#copy(chunk);
  }

  #copy(chunk: Buffer): void {
    if (this.#length + chunk.byteLength > BLOCK_BYTES) this.#passPending();
    this.#joined ??= Buffer.allocUnsafe(BLOCK_BYTES);
    this.#length += chunk.copy(this.#joined, this.#length);
  }

  #passPending(): void {
    const bytes = this.#single ?? this.#joined?.subarray(0, this.#length);
    const owned = this.#single !== undefined;
    this.#single = undefined;
    this.#length = 0;
    if (bytes && bytes.byteLength > 0) this.#pass(owned ? bytes : Buffer.from(bytes));
  }

  #pass(bytes: Buffer): void {
    this.admit(bytes.byteLength);
    this.push(bytes);
  }
}
