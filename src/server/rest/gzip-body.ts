import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { bodyRefusal } from './errors.js';

/**
 * So many times its own size a compressed body may become, once it is beyond {@link FREE_BYTES}. Samples of a
 * radio do not get near it; what does is made to fill the memory of others.
 */
const MAX_RATIO = 100;
const FREE_BYTES = 2 ** 20;

/** A body on its way through gunzip, which works on the threads of zlib and not on the event loop. */
export class GzipBody {
  readonly decoded: Gunzip = createGunzip();
  readonly #body: Readable;
  #encodedBytes = 0;

  constructor(body: Readable) {
    this.#body = body;
    body.on('data', this.#count);
    body.pipe(this.decoded);
  }

  /** Compressed bytes so far. */
  get encodedBytes(): number {
    return this.#encodedBytes;
  }

  /** @throws PAYLOAD_TOO_LARGE when `decodedBytes` is no honest size. */
  checkRatio(decodedBytes: number): void {
    if (decodedBytes > FREE_BYTES && decodedBytes > MAX_RATIO * this.#encodedBytes)
      throw bodyRefusal(413, `at most ${MAX_RATIO} times its compressed size`, 'more');
  }

  /** Stops decoding; what still comes is ignored by whoever reads the body on. */
  abandon(): void {
    this.#body.off('data', this.#count);
    this.#body.unpipe(this.decoded);
    this.decoded.destroy();
  }

  readonly #count = (chunk: Buffer): void => {
    this.#encodedBytes += chunk.byteLength;
  };
}
