import { Transform, type Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Permit } from '../../engine/types.js';
import { maxJsonBytes, maxRequestBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { toSpikingRxError } from '../errors.js';
import { HttpRefusal } from './errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborted when the client goes away before its answer. */
    gone: AbortSignal;
  }
}

/** Whether the body is announced as `application/octet-stream`. */
export function isBinary(headers: { readonly 'content-type'?: string | undefined }): boolean {
  return headers['content-type']?.startsWith('application/octet-stream') ?? false;
}

/** Most bytes of a body. */
export function bodyLimit(request: Pick<FastifyRequest, 'headers'>, core: ServiceCore): number {
  return (isBinary(request.headers) ? maxRequestBytes : maxJsonBytes)(core.config);
}

/** Before the body is read: refuses what is encoded, and what there is no room for as things stand. */
export function checkUpload(request: FastifyRequest, reply: FastifyReply, core: ServiceCore): void {
  const abort = new AbortController();
  request.gone = abort.signal;
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new HttpRefusal(415, {
      field: 'content-encoding',
      expected: 'none, or identity',
      received: encoding.slice(0, 40),
    });
  const length = Number(request.headers['content-length'] ?? 0);
  // What is beyond the limit is refused as such by the body reader, whether or not there is room.
  if (length <= bodyLimit(request, core)) core.engine.admit({ grids: 0, bytes: length }).release();
}

/**
 * The body, taking room for its bytes as they come: what is only announced holds nothing, and what is being
 * uploaded is bounded. The room is given back when the answer is out or the connection lost. A body that runs
 * out of room half-way is refused with QUEUE_FULL, and the rest of it ignored.
 */
export function admittedBody(body: Readable, reply: FastifyReply, core: ServiceCore): Readable {
  const permits: Permit[] = [];
  reply.raw.once('close', () => {
    for (const permit of permits.splice(0)) permit.release();
  });
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      try {
        permits.push(core.admit({ grids: 0, bytes: chunk.byteLength }));
        done(null, chunk);
      } catch (error) {
        body.unpipe(counted);
        body.resume();
        done(toSpikingRxError(error));
      }
    },
  });
  body.once('error', (error) => counted.destroy(error));
  body.once('close', () => {
    if (!body.readableEnded) counted.destroy();
  });
  return body.pipe(counted);
}
