import { Readable } from 'node:stream';
import type { LiveSink } from './feed.js';

/** How many samples a client may leave untaken, a second each, before its stream ends. */
const PATIENCE = 30;

/** The events of one client. What it does not take waits here, for a while: other clients wait for nobody. */
export class EventStream extends Readable implements LiveSink {
  #untaken = 0;
  #isOver = false;

  /** @param expiresMs when the credential runs out that opened it, in milliseconds of Unix time; never when left out. */
  constructor(private readonly expiresMs = Infinity) {
    super();
  }

  override _read(): void {
    // Events come by themselves.
  }

  send(events: string): void {
    if (this.#isOver) return;
    this.#untaken = this.readableLength > 0 ? this.#untaken + 1 : 0;
    if (this.#untaken > PATIENCE) this.destroy();
    else if (Date.now() >= this.expiresMs) this.end();
    else this.push(events);
  }

  end(): void {
    this.#isOver = true;
    this.push(null);
  }
}
