import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { SpikingRxError } from '../../errors.js';
import { isSwollen, MAX_RATIO } from '../swelling.js';
import { FRAME_BYTES, type Inbox } from './inboxes.js';
import type { Unpack } from './reset-call.js';
import { tooLarge } from './definition.js';

const DECODERS: Readonly<Record<string, (() => Gunzip | Inflate) | undefined>> = {
  gzip: createGunzip,
  deflate: createInflate,
};

export interface UnpackParts {
  readonly inbox: Inbox;
  /** Most bytes of an unpacked message. */
  readonly limit: number;
  /** Ends the call. */
  readonly refuse: (failure: SpikingRxError) => void;
}

/**
 * In place of grpc-js's own, which knows the limit of one message only: a client with many calls would fill the memory
 * with what takes it some kilobytes. Here what a message becomes takes room in its inbox while it becomes it.
 */
export function boundedUnpack(parts: UnpackParts): Unpack {
  return (framed, encoding) => {
    const packed = framed.subarray(FRAME_BYTES);
    const decoder = encoding === 'identity' ? undefined : DECODERS[encoding]?.();
    if (decoder) return unpacked(packed, decoder, parts);
    parts.inbox.unpacked(0);
    if (encoding === 'identity') return packed;
    return Promise.reject(failed(status.UNIMPLEMENTED, 'expected messages in gzip, deflate or identity'));
  };
}

async function unpacked(packed: Buffer, decoder: Gunzip | Inflate, parts: UnpackParts): Promise<Buffer> {
  const { inbox, limit, refuse } = parts;
  const chunks: Buffer[] = [];
  let bytes = 0;
  decoder.end(packed);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      inbox.swell(chunk.byteLength);
      if (bytes > limit) refuse(tooLarge(limit, bytes));
      else if (isSwollen(bytes, packed.byteLength)) refuse(swollen());
      // Refused just now, or given up for others.
      if (inbox.isClosed) throw new Error('the call is over');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  } catch {
    // What grpc-js says of messages that are no gzip; nobody hears it where the call is over.
    throw failed(status.INTERNAL, 'the message cannot be decompressed');
  } finally {
    inbox.unpacked(bytes);
  }
}

function swollen(): SpikingRxError {
  const expected = `at most ${MAX_RATIO} times its compressed size`;
  const details = { field: 'message', expected, received: 'more' };
  return new SpikingRxError('PAYLOAD_TOO_LARGE', `message: expected ${expected}, received more`, details);
}

/** As grpc-js takes it. */
function failed(code: status, details: string): Error {
  return Object.assign(new Error(details), { code, details });
}
