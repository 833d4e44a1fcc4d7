import { describe, expect, test } from 'vitest';
import type { LlrModelInfo } from '#engine/types.js';
import { GridDecoder } from '#server/decode-grid.js';
import { FloatPool } from '#server/float-pool.js';
import type { WireDmrsConfig, WireGrid } from '#server/wire-grid.js';
import { pilotTensor, rxTensor } from './helpers/grids.js';

const MODEL: LlrModelInfo = {
  name: 'm',
  version: '1',
  ready: true,
  instance: '',
  sha256: '',
  provider: 'cpu',
  nRx: 2,
  bitsPerSymbol: 2,
  modulation: 'QPSK',
  inputs: [],
  outputs: [],
  config: undefined,
  misfit: undefined,
  batched: true,
};
const CALLER = { client: 'test', priority: 'normal', urgent: false } as const;
const CONTEXT = {
  model: MODEL,
  field: 'grids[0]',
  maxPrb: 273,
  deadlineMs: 1e9,
  signal: undefined,
  ...CALLER,
};
const DMRS: WireDmrsConfig = { symbolPositions: [2, 11], nId: 42, slot: 3 };

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function wire(parts: {
  data?: Float32Array;
  scale?: number;
  config?: WireDmrsConfig;
  pilots?: Float32Array;
}): WireGrid {
  const { datatype, shape, data } = rxTensor();
  const pilots = parts.pilots && bytesOf(parts.pilots);
  return {
    id: 'g',
    rx: { datatype, shape, data: bytesOf(parts.data ?? data), scale: parts.scale },
    dmrs: pilots
      ? {
          kind: 'tensor',
          tensor: { datatype, shape: shape.slice(1), data: pilots, scale: undefined },
          cdmGroupsWithoutData: 1,
        }
      : { kind: 'config', config: parts.config ?? DMRS },
    format: { datatype: 'f32', layout: 'codeword', polarity: 'p0_over_p1', scale: 1 },
    timeoutMs: undefined,
  };
}

describe('what is kept between grids', () => {
  test('pilots of one configuration and shape are made once; of another, anew', () => {
    const decoder = new GridDecoder();
    const first = decoder.decode(wire({}), CONTEXT);
    // Written with its defaults, it is the same configuration.
    const again = decoder.decode(wire({ config: { ...DMRS, configType: 1, scale: 1 } }), CONTEXT);
    expect(again.dmrs).toBe(first.dmrs);
    expect(again.dataMask).toBe(first.dataMask);
    for (const change of [{ slot: 4 }, { nId: 43 }, { scale: 2 }, { symbolPositions: [2] }, { nScid: 1 }]) {
      const other = decoder.decode(wire({ config: { ...DMRS, ...change } }), CONTEXT);
      expect(other.dmrs).not.toEqual(first.dmrs);
    }
    const two = decoder.decode(wire({ config: { ...DMRS, cdmGroupsWithoutData: 2 } }), CONTEXT);
    expect(two.dataMask).not.toEqual(first.dataMask);
  });

  test('samples of requests in flight are apart; a released buffer is used again and fully overwritten', () => {
    const decoder = new GridDecoder();
    const [ones, twos] = [1, 2].map((value) => rxTensor().data.fill(value));
    const first = decoder.decode(wire({ data: ones! }), CONTEXT);
    const second = decoder.decode(wire({ data: twos! }), CONTEXT);
    expect(new Set(first.rxGrid)).toEqual(new Set([1]));
    decoder.release(first);
    const third = decoder.decode(wire({}), CONTEXT);
    expect(third.rxGrid).toBe(first.rxGrid);
    expect(third.rxGrid).toEqual(new GridDecoder().decode(wire({}), CONTEXT).rxGrid);
    expect(new Set(second.rxGrid)).toEqual(new Set([2]));
  });

  test('the pool keeps no more bytes than it may, and room for what is asked for now', () => {
    const pool = new FloatPool(400);
    const [narrow, wide] = [new Float32Array(60), new Float32Array(80)];
    pool.give(narrow);
    pool.give(wide);
    expect(pool.take(60)).not.toBe(narrow);
    expect(pool.take(80)).toBe(wide);
    const huge = new Float32Array(101);
    pool.give(huge);
    expect(pool.take(101)).not.toBe(huge);
  });
});

/** The request, or the error in its place. */
function outcome(parts: Parameters<typeof wire>[0]): unknown {
  try {
    return new GridDecoder().decode(wire(parts), CONTEXT);
  } catch (error) {
    return error;
  }
}

describe('radio range', () => {
  test.each([1e-8, 1, 1e15])('samples scaled by %d are taken', (scale) => {
    expect(outcome({ scale })).toMatchObject({ id: 'g' });
  });

  test.each([
    [{ scale: 1e-12 }, 'grids[0].rx.data', /^RMS \d/],
    [{ scale: 1e18 }, 'grids[0].rx.data', /^RMS \d/],
    [{ data: rxTensor().data.fill(0) }, 'grids[0].rx.data', /^zeros only$/],
    [{ config: { ...DMRS, scale: 1e20 } }, 'grids[0].dmrs.config.scale', /^1e\+?20$|^100000000000000000000$/],
    [{ config: { ...DMRS, scale: 1e-20 } }, 'grids[0].dmrs.config.scale', /^1e-20$/],
    [
      { pilots: (pilotTensor().data as Float32Array).map((value) => value * 1e20) },
      'grids[0].dmrs.data',
      /e\+?1?[0-9]|^\d{18,}/,
    ],
  ] as const)('%o is refused', (parts, field, received) => {
    expect(outcome(parts)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field,
      expected: expect.stringMatching(/ from \S+ to \S+/),
      received: expect.stringMatching(received),
    });
  });

  test('one strong subcarrier, or a dead antenna, is a grid like any other', () => {
    const { data } = rxTensor();
    data.fill(0, data.length / 2);
    data[0] = 1e6;
    expect(outcome({ data })).toMatchObject({ id: 'g' });
  });
});
