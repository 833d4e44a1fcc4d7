import { Metadata } from '@grpc/grpc-js';
import { milliseconds } from '../provenance.js';

/**
 * Trailers of unary answers. They leave after the answer, so that they can say how long its encoding took:
 * grpc-js encodes what a handler has handed over, trailers and all.
 */
export class AnswerTrailers {
  readonly #trailers = new WeakMap<object, Metadata>();

  /** Trailers that say what `texts` do of the grids of `answer`, by names without their prefix. */
  describe(answer: object, texts: Readonly<Record<string, string>>): void {
    const trailers = new Metadata();
    for (const [name, text] of Object.entries(texts)) trailers.set(`spikingrx-${name}`, text);
    this.#trailers.set(answer, trailers);
  }

  /** Undefined for an answer that was never described. */
  of(answer: object): Metadata | undefined {
    return this.#trailers.get(answer);
  }

  /** `answer` has been encoded. */
  encoded(answer: object, ms: number): void {
    this.#trailers.get(answer)?.set('spikingrx-encode-ms', milliseconds(ms));
  }
}
