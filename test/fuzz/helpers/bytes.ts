import * as fc from 'fast-check';

/** Good bytes with something wrong: a part cut out, bits flipped, bytes replaced or put in. */
export function damaged(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: Math.max(0, good.length - 1) });
  const flips = fc
    .array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 })
    .map((changes) => {
      const bytes = good.slice();
      for (const [index, mask] of changes) bytes[index] = bytes[index]! ^ mask;
      return bytes;
    });
  const cut = fc
    .tuple(at, at)
    .map(([a, b]) => joined(good.subarray(0, Math.min(a, b)), good.subarray(Math.max(a, b))));
  const ended = at.map((end) => good.slice(0, end));
  const grown = fc
    .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map(([index, more]) => joined(good.subarray(0, index), more, good.subarray(index)));
  return fc.oneof(flips, cut, ended, grown);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Any bytes, or damaged good ones. */
export function hostile(good: Uint8Array, maxLength = 400): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength }) },
    { weight: 3, arbitrary: damaged(good) },
  );
}
