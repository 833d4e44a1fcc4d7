import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { defaultScale, writeLlrs } from '#infer/output.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-output-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'deep', 'llr.bin');
const SLOTS = [Float32Array.of(0.5, -0.06, 15.9), Float32Array.of(-100, 15.8, 0.07)];

it('float32: as they are, slot after slot, little-endian', () => {
  const written = writeLlrs(SLOTS, { path, format: 'f32', scale: 1 });
  const bytes = readFileSync(path);
  expect(Array.from({ length: 6 }, (_, i) => bytes.readFloatLE(4 * i))).toEqual(
    SLOTS.flatMap((llrs) => [...llrs]),
  );
  expect(written).toEqual({ path, format: 'f32', scale: 1, count: 6, saturated: 0 });
});

it('int8: scaled, rounded to nearest, saturated at 127, and told how many', () => {
  const scale = defaultScale('i8');
  const written = writeLlrs(SLOTS, { path, format: 'i8', scale });
  expect([...new Int8Array(readFileSync(path))]).toEqual([2, 0, 64, -127, 63, 0]);
  expect(written).toMatchObject({ scale: 4, count: 6, saturated: 1 });
  // 127.4 rounds to 127, which is no saturation; 127.6 would round to 128.
  const edge = [Float32Array.of(31.85, -31.9)];
  expect(writeLlrs(edge, { path, format: 'i8', scale })).toMatchObject({ saturated: 1 });
});
