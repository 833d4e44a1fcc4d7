/** Spikes of one layer from its membrane potentials before the reset, in units of θ: it fires from 1 on. */

/** Float32 `[C, nSym, nSc]` of each step. */
export type Membranes = readonly Float32Array[];

export interface SpikeCounts {
  /** `[T][C]`: share of the resource elements at which the channel fired. */
  readonly rates: readonly (readonly number[])[];
  /** `[T, nSym, nSc]`: channels that fired. */
  readonly counts: Uint16Array<ArrayBuffer>;
}

/** @param plane resource elements, nSym·nSc */
export function countSpikes(membranes: Membranes, channels: number, plane: number): SpikeCounts {
  const counts = new Uint16Array(membranes.length * plane);
  const rates = membranes.map((potentials, step) => {
    const map = counts.subarray(step * plane, (step + 1) * plane);
    return Array.from({ length: channels }, (_, channel) => {
      const values = potentials.subarray(channel * plane, (channel + 1) * plane);
      let fired = 0;
      for (let re = 0; re < plane; re++) {
        if (values[re]! < 1) continue;
        fired++;
        map[re]!++;
      }
      return fired / plane;
    });
  });
  return { rates, counts };
}

/** Bytes of so many spikes, a bit each. */
export function packedBytes(spikes: number): number {
  return Math.ceil(spikes / 8);
}

/** `[T, C, nSym, nSc]`, a bit each, eight to a byte from the lowest bit on; what the last byte has left over is 0. */
export function packSpikes(membranes: Membranes): Uint8Array<ArrayBuffer> {
  const total = membranes.reduce((sum, { length }) => sum + length, 0);
  const packed = new Uint8Array(packedBytes(total));
  let bit = 0;
  for (const potentials of membranes)
    for (let i = 0; i < potentials.length; i++, bit++)
      if (potentials[i]! >= 1) packed[bit >>> 3]! |= 1 << (bit & 7);
  return packed;
}

/** `[T, C, nSym, nSc]` as bytes. */
export function joinMembranes(membranes: Membranes): Uint8Array<ArrayBuffer> {
  const total = membranes.reduce((sum, { length }) => sum + length, 0);
  const joined = new Float32Array(total);
  let at = 0;
  for (const potentials of membranes) {
    joined.set(potentials, at);
    at += potentials.length;
  }
  return new Uint8Array(joined.buffer);
}
