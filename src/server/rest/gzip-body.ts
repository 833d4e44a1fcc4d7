import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { isSwollen, MAX_RATIO } from '../swelling.js';
import { bodyRefusal } from './errors.js';

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
    if (isSwollen(decodedBytes, this.#encodedBytes))
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
