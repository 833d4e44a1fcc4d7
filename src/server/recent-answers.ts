import { randomInt } from 'node:crypto';

/** What is remembered of an answer. */
export interface RecentAnswer {
  readonly model: string;
  readonly version: string;
  readonly estimatedSnrDb: number | undefined;
}

/** Answers whose keys fall on one place share so many slots. */
const WAYS = 8;
const TWO_32 = 2 ** 32;

/**
 * Answers by key, for a while: a key is found as two numbers of 32 bits that are made from it, one of which says
 * where to look. There it replaces the oldest, so about the last `slots` answers are known. Nothing in it is an object of its
 * own: one for each answer would live long enough to cost the garbage collector 8 µs.
 */
export class RecentAnswers {
  readonly #sets: number;
  readonly #tags: Uint32Array;
  /** When the answer is forgotten, on the `performance.now()` clock; 0 where there is none. */
  readonly #expiries: Float64Array;
  readonly #snrsDb: Float32Array;
  readonly #models: Uint32Array;
  readonly #taken: Uint8Array;
  readonly #modelIndex = new Map<string, number>();
  readonly #modelNames: Pick<RecentAnswer, 'model' | 'version'>[] = [];
  /** Of this process, so that nobody can choose keys that fall on one place. */
  readonly #seed = randomInt(TWO_32);

  constructor(
    slots: number,
    private readonly windowMs: number,
  ) {
    this.#sets = Math.ceil(slots / WAYS);
    const size = this.#sets * WAYS;
    this.#tags = new Uint32Array(size);
    this.#expiries = new Float64Array(size);
    this.#snrsDb = new Float32Array(size);
    this.#models = new Uint32Array(size);
    this.#taken = new Uint8Array(size);
  }

  /** Replaces what was known by the key. */
  set(key: string, { model, version, estimatedSnrDb }: RecentAnswer): void {
    const { tag, first } = this.#place(key);
    const slot = this.#find(tag, first) ?? this.#oldest(first);
    this.#tags[slot] = tag;
    this.#expiries[slot] = performance.now() + this.windowMs;
    this.#snrsDb[slot] = estimatedSnrDb ?? Number.NaN;
    this.#models[slot] = this.#indexOf(model, version);
    this.#taken[slot] = 0;
  }

  /** The answer, the first time it is asked for; `again` afterwards; undefined where there is none of late. */
  take(key: string): RecentAnswer | 'again' | undefined {
    const { tag, first } = this.#place(key);
    const slot = this.#find(tag, first);
    if (slot === undefined || this.#expiries[slot]! < performance.now()) return undefined;
    if (this.#taken[slot] === 1) return 'again';
    this.#taken[slot] = 1;
    const snrDb = this.#snrsDb[slot]!;
    return {
      ...this.#modelNames[this.#models[slot]!]!,
      estimatedSnrDb: Number.isNaN(snrDb) ? undefined : snrDb,
    };
  }

  #find(tag: number, first: number): number | undefined {
    for (let slot = first; slot < first + WAYS; slot++)
      if (this.#tags[slot] === tag && this.#expiries[slot] !== 0) return slot;
    return undefined;
  }

  #oldest(first: number): number {
    let oldest = first;
    for (let slot = first + 1; slot < first + WAYS; slot++)
      if (this.#expiries[slot]! < this.#expiries[oldest]!) oldest = slot;
    return oldest;
  }

  #place(key: string): { readonly tag: number; readonly first: number } {
    let a = this.#seed;
    let b = ~this.#seed;
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x9e3779b1);
      b = Math.imul(b ^ unit, 0x85ebca77);
    }
    const set = Math.floor((mixed(a) / TWO_32) * this.#sets);
    return { tag: mixed(b), first: set * WAYS };
  }

  #indexOf(model: string, version: string): number {
    const name = `${model}/${version}`;
    const known = this.#modelIndex.get(name);
    if (known !== undefined) return known;
    const index = this.#modelNames.push({ model, version }) - 1;
    this.#modelIndex.set(name, index);
    return index;
  }
}

/** Every bit of the outcome depends on every bit of `value`. */
function mixed(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
