import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { filesInMemory } from '#dumps/files.js';
import { readRecording } from '#dumps/sigmf/read.js';
import { readRecordingFiles, slotsOfRecording } from '#dumps/sigmf/recording.js';
import { writeRecording } from '#dumps/sigmf/write.js';
import { SpikingRxError } from '#errors.js';
import { IQ_BYTES, IQ_DATATYPE_NAMES } from '#iq.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { lsLmmseReceiver } from '#phy/receivers/index.js';
import { type Slot, simulateSlot } from '#phy/slot.js';
import { DMRS, slotConfig } from '../../phy/helpers/slots.js';
import { TemporaryFolder } from '../helpers/bundles.js';

const temporary = new TemporaryFolder();
afterAll(() => temporary.remove());
const base = join(temporary.path, 'recording');
const [META, DATA] = [`${base}.sigmf-meta`, `${base}.sigmf-data`];

/** Three slots of 2 PRB and two antennas. */
const SLOTS: readonly Slot[] = Array.from({ length: 3 }, (_, i) =>
  simulateSlot(
    slotConfig({ nPrb: 2, snrDb: 20, dmrs: { ...DMRS, slot: i, startRb: 4 } }),
    Random.fromSeed(i),
  ),
);

describe('a recording', () => {
  it.each(IQ_DATATYPE_NAMES)('of %s comes back, and again byte for byte', (datatype) => {
    expect(writeRecording(base, SLOTS, { datatype })).toEqual([META, DATA]);
    const [meta, data] = [readFileSync(META, 'utf8'), readFileSync(DATA)];
    const read = readRecording(META);
    const scale = JSON.parse(meta).global['spikingrx:scale'] as number;
    read.forEach((slot, i) => {
      const sent = SLOTS[i] as Slot;
      expect(slot).toMatchObject({ name: `slot ${i}`, shape: sent.shape, modulation: 'QPSK' });
      expect(slot.dmrs).toEqual(sent.dmrs);
      expect(slot.dataMask).toEqual(sent.dataMask);
      // Half a step of the datatype: none, of int16, or of the 11 bits of a half-precision number.
      const step = { cf32_le: 0, ci16_le: scale / 2, cf16_le: 8 * 2 ** -12 }[datatype];
      const worst = slot.rxGrid.reduce(
        (most, x, k) => Math.max(most, Math.abs(x - (sent.rxGrid[k] as number))),
        0,
      );
      // And the rounding of float32 to the multiples of the scale.
      expect(worst).toBeLessThanOrEqual(step + 2e-7);
      expect(bitErrors(lsLmmseReceiver(slot), sent.bits)).toBe(bitErrors(lsLmmseReceiver(sent), sent.bits));
    });
    writeRecording(base, read, { datatype, scale });
    expect(readFileSync(META, 'utf8')).toBe(meta);
    expect(readFileSync(DATA)).toEqual(data);
  });

  it('interleaves the antennas sample by sample, as SigMF has channels', () => {
    writeRecording(base, SLOTS, { datatype: 'cf32_le' });
    const bytes = readFileSync(DATA);
    const slot = SLOTS[1] as Slot;
    const plane = 14 * 24;
    for (const [re, rx, part] of [
      [0, 0, 0],
      [0, 1, 1],
      [77, 0, 1],
      [335, 1, 0],
    ] as const) {
      const index = 2 * ((plane + re) * 2 + rx) + part;
      expect(bytes.readFloatLE(4 * index)).toBe(slot.rxGrid[(2 * rx + part) * plane + re]);
    }
  });

  it('is SigMF: declared extension, sorted captures, a hash of the samples', () => {
    writeRecording(DATA, SLOTS, { datatype: 'ci16_le' });
    const { global, captures, annotations } = JSON.parse(readFileSync(META, 'utf8'));
    expect(global).toMatchObject({
      'core:datatype': 'ci16_le',
      'core:version': '1.2.0',
      'core:num_channels': 2,
      'core:extensions': [{ name: 'spikingrx', version: '1.0.0', optional: false }],
    });
    expect(global['core:sha512']).toBe(createHash('sha512').update(readFileSync(DATA)).digest('hex'));
    expect(captures.map((one: Record<string, unknown>) => one['core:sample_start'])).toEqual([0, 336, 672]);
    expect(annotations[2]).toEqual({
      'core:sample_start': 672,
      'core:sample_count': 336,
      'core:label': 'slot 2',
    });
  });

  it('may name the DMRS once, leave the optional keys out, and hold keys of others', () => {
    writeRecording(base, SLOTS.slice(0, 1), { datatype: 'cf32_le' });
    const metadata = JSON.parse(readFileSync(META, 'utf8'));
    const [capture] = metadata.captures;
    for (const key of ['core:sha512', 'spikingrx:scale']) delete metadata.global[key];
    metadata.global['spikingrx:dmrs'] = capture['spikingrx:dmrs'];
    metadata.global['core:description'] = 'a slot';
    metadata.global['core:extensions'].push({ name: 'antenna', version: '1.0.0', optional: true });
    metadata.global['antenna:model'] = 'dipole';
    writeFileSync(META, JSON.stringify({ ...metadata, captures: [], annotations: [] }));
    const [slot, ...others] = readRecording(base);
    expect(others).toEqual([]);
    expect(slot?.rxGrid).toEqual(SLOTS[0]?.rxGrid);
    expect(slot?.config.dmrs.startRb).toBe(4);
  });

  it('is the same out of memory, where whoever has no hash looks at none', () => {
    const metadata = fresh();
    const data = new Uint8Array(readFileSync(DATA));
    const slotsIn = (text: object, sha512?: string) => {
      const meta = new TextEncoder().encode(JSON.stringify(text));
      const contents = new Map([
        ['a.sigmf-meta', meta],
        ['a.sigmf-data', data],
      ]);
      return slotsOfRecording(readRecordingFiles(filesInMemory(contents), 'a.sigmf-data'), sha512);
    };
    expect(slotsIn(metadata)).toEqual(readRecording(base));
    expect(() => slotsIn(metadata, '0'.repeat(128))).toThrow('a.sigmf-data: SHA-512: expected');
    metadata.global['core:num_channels'] = 3;
    expect(() => slotsIn(metadata)).toThrow('a.sigmf-data: size: expected 12096 bytes');
  });

  it('refuses to hold slots of several shapes', () => {
    const wide = simulateSlot(slotConfig({ nPrb: 3 }), Random.fromSeed(1));
    expect(() => writeRecording(base, [...SLOTS, wide], { datatype: 'cf32_le' })).toThrow(
      'slots: expected all 2 x 14 x 24 QPSK, received 2 x 14 x 36 QPSK',
    );
  });
});

interface Metadata {
  global: Record<string, unknown>;
  captures: Record<string, unknown>[];
  annotations: unknown[];
}

/** A good recording on the disk, to damage. */
const fresh = (): Metadata => {
  writeRecording(base, SLOTS, { datatype: 'ci16_le' });
  return JSON.parse(readFileSync(META, 'utf8')) as Metadata;
};

function outcome(): string {
  try {
    for (const slot of readRecording(base)) lsLmmseReceiver(slot);
    return 'read';
  } catch (error) {
    if (!(error instanceof SpikingRxError) || error.code !== 'INVALID_ARGUMENT') throw error;
    return /\.sigmf-(meta|data)/.test(error.field ?? '') ? 'refused' : `no file: ${error.message}`;
  }
}

describe('a malformed recording is an error that names file and key', () => {
  it.each<[string, (metadata: Metadata) => void, string]>([
    [
      'datatype',
      (m) => (m.global['core:datatype'] = 'cf64_le'),
      'sigmf-meta: global.core:datatype: expected one of cf32_le, ci16_le, cf16_le',
    ],
    [
      'version',
      (m) => (m.global['core:version'] = '2.0.0'),
      'global.core:version: expected text of the form',
    ],
    [
      'no symbols',
      (m) => delete m.global['spikingrx:symbols'],
      'global.spikingrx:symbols: expected a value, received none',
    ],
    [
      'subcarriers',
      (m) => (m.global['spikingrx:subcarriers'] = 25),
      'spikingrx:subcarriers: expected a multiple of 12, received 25',
    ],
    [
      'a misspelled key',
      (m) => (m.global['spikingrx:skale'] = 1),
      'global: expected of spikingrx: only spikingrx:symbols',
    ],
    [
      'a misspelled capture',
      (m) => (m.captures[1]!['spikingrx:pilots'] = 1),
      'captures[1]: expected of spikingrx: only',
    ],
    [
      'no extension',
      (m) => (m.global['core:extensions'] = [{ name: 'x', version: '1', optional: true }]),
      'global.core:extensions: expected the extension spikingrx',
    ],
    [
      'a later version of it',
      (m) => (m.global['core:extensions'] = [{ name: 'spikingrx', version: '2.0.0', optional: false }]),
      'expected version 1.x of spikingrx, received "2.0.0"',
    ],
    [
      'an unknown extension',
      (m) => (m.global['core:extensions'] as unknown[]).push({ name: 'x', version: '1', optional: false }),
      'expected optional ones beside spikingrx, received "x"',
    ],
    ['another file', (m) => (m.global['core:dataset'] = 'x.bin'), 'global.core:dataset: expected none'],
    [
      'metadata only',
      (m) => (m.global['core:metadata_only'] = true),
      'global.core:metadata_only: expected false, received true',
    ],
    [
      'headers',
      (m) => (m.captures[0]!['core:header_bytes'] = 4),
      'captures[0].core:header_bytes: expected at most 0, received 4',
    ],
    [
      'a gap',
      (m) => (m.captures[1]!['core:sample_start'] = 340),
      'captures[1].core:sample_start: expected 1 x 336 = 336, received 340',
    ],
    ['a slot too few', (m) => m.captures.pop(), 'sigmf-data: size: expected 5376 bytes'],
    [
      'no DMRS',
      (m) => delete m.captures[2]!['spikingrx:dmrs'],
      'global.spikingrx:dmrs: expected one here, or in captures[2], received none',
    ],
    [
      'DMRS',
      (m) => (m.captures[2]!['spikingrx:dmrs'] = { nId: 1, slot: 0, symbolPositions: [14] }),
      'captures[2].spikingrx:dmrs.symbolPositions[0]: expected at most 13, received 14',
    ],
    [
      'DMRS that do not fit',
      (m) => (m.captures[0]!['spikingrx:dmrs'] = { nId: 1, slot: 0, symbolPositions: [3, 2] }),
      'captures[0].spikingrx:dmrs.symbolPositions: expected strictly ascending',
    ],
    ['channels', (m) => (m.global['core:num_channels'] = 3), 'sigmf-data: size: expected 12096 bytes'],
    [
      'hash',
      (m) => (m.global['core:sha512'] = '0'.repeat(128)),
      'sigmf-data: SHA-512: expected 0000000000000000…',
    ],
    [
      'annotations',
      (m) => (m.annotations[0] = {}),
      'annotations[0].core:sample_start: expected a value, received none',
    ],
  ])('%s', (_name, change, message) => {
    const metadata = fresh();
    change(metadata);
    writeFileSync(META, JSON.stringify(metadata));
    expect(() => readRecording(base)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => readRecording(base)).toThrow(message);
  });

  it('no JSON, no metadata, no samples, samples that are no numbers', () => {
    fresh();
    writeFileSync(META, '{');
    expect(() => readRecording(base)).toThrow('sigmf-meta: metadata: expected JSON');
    rmSync(META);
    expect(() => readRecording(base)).toThrow('sigmf-meta: expected a file, received none');
    fresh();
    rmSync(DATA);
    expect(() => readRecording(base)).toThrow('sigmf-data: expected a file, received none');
    writeRecording(base, SLOTS, { datatype: 'cf32_le' });
    const bytes = readFileSync(DATA).fill(0xff, 8, 12);
    writeFileSync(DATA, bytes);
    expect(() => readRecording(base)).toThrow('sigmf-data: SHA-512');
    const metadata = JSON.parse(readFileSync(META, 'utf8')) as Metadata;
    delete metadata.global['core:sha512'];
    writeFileSync(META, JSON.stringify(metadata));
    expect(() => readRecording(base)).toThrow('sigmf-data: samples: expected finite samples');
  });

  it('an archive: says to unpack it', () => {
    expect(() => readRecording('slots.sigmf')).toThrow('slots.sigmf: archives are not read: unpack it');
  });

  it('whatever is damaged: it is read, or refused with the name of a file', () => {
    const good = JSON.stringify(fresh());
    const replacement = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined));
    const path = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, replacement, (steps, value) => {
        writeFileSync(META, JSON.stringify(damaged(JSON.parse(good), steps, value)) ?? '');
        expect(outcome()).toMatch(/^(read|refused)$/);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

/** A value with one part, somewhere inside, replaced or removed. */
function damaged(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const entries = Object.entries(value);
  if (entries.length === 0) return replacement;
  const [key] = entries[step % entries.length] as [string, unknown];
  const changed = entries.map(([name, item]) => [
    name,
    name === key ? damaged(item, rest, replacement) : item,
  ]);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

it('the sizes of the datatypes are those of the data', () => {
  for (const datatype of IQ_DATATYPE_NAMES) {
    writeRecording(base, SLOTS, { datatype });
    expect(readFileSync(DATA)).toHaveLength(3 * 2 * 336 * IQ_BYTES[datatype]);
  }
});
