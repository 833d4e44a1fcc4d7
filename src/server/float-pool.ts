/**
 * Float32 arrays that are used again. A fresh array for each received grid is memory outside of V8's heap, and
 * its growth makes V8 collect the whole heap several times a second, which cost more than all decoding.
 */
export class FloatPool {
  readonly #free = new Map<number, Float32Array<ArrayBuffer>[]>();
  #freeBytes = 0;

  /** @param maxFreeBytes most that is kept for later use. */
  constructor(private readonly maxFreeBytes: number) {}

  /** An array of `length` values, whatever they are. */
  take(length: number): Float32Array<ArrayBuffer> {
    const array = this.#free.get(length)?.pop();
    if (array === undefined) return new Float32Array(length);
    this.#freeBytes -= array.byteLength;
    return array;
  }

  /** Takes an array back; whoever gives it must not look at it again. */
  give(array: Float32Array<ArrayBuffer>): void {
    // Shapes change with the traffic: those no longer asked for must not keep the room of those that are.
    if (this.#freeBytes + array.byteLength > this.maxFreeBytes) this.#clear();
    if (array.byteLength > this.maxFreeBytes) return;
    const free = this.#free.get(array.length);
    if (free === undefined) this.#free.set(array.length, [array]);
    else free.push(array);
    this.#freeBytes += array.byteLength;
  }

  #clear(): void {
    this.#free.clear();
    this.#freeBytes = 0;
  }
}
