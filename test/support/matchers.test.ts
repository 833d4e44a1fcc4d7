import { describe, expect, it } from 'vitest';
import { momentsOf } from './matchers.js';

describe('toBeAllClose', () => {
  it('passes within the tolerance and fails outside it', () => {
    expect([1, 2]).toBeAllClose([1.05, 2], { absolute: 0.1 });
    expect(() => expect([1, 2]).toBeAllClose([1.05, 2], { absolute: 0.01 })).toThrow('at 0 expected 1.05');
    expect([100]).toBeAllClose([101], { absolute: 0, relative: 0.02 });
    expect(() => expect([100]).toBeAllClose([103], { absolute: 0, relative: 0.02 })).toThrow('at 0');
    expect([1]).not.toBeAllClose([2], { absolute: 0.5 });
  });

  it('fails on another length and on NaN', () => {
    expect(() => expect([1]).toBeAllClose([1, 1], { absolute: 1 })).toThrow(
      'expected 2 elements, received 1',
    );
    expect(() => expect([Number.NaN]).toBeAllClose([1], { absolute: 1 })).toThrow('received NaN');
  });
});

describe('toHaveSameBits', () => {
  it('fails on the smallest difference', () => {
    const x = Float32Array.of(1, 2);
    expect(x.slice()).toHaveSameBits(x);
    expect(() => expect(Float32Array.of(1, 2 + 2 ** -22)).toHaveSameBits(x)).toThrow('at 1');
    expect(() => expect(Float32Array.of(-0)).toHaveSameBits(Float32Array.of(0))).toThrow('at 0');
    expect(() => expect(x.subarray(1)).toHaveSameBits(x)).toThrow('expected 2 elements');
  });
});

it('computes moments', () => {
  expect(momentsOf([1, 3])).toEqual({ mean: 2, std: 1 });
});
