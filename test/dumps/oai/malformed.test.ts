import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { filesIn } from '#dumps/folder.js';
import { slotOfBundle } from '#dumps/oai/bundle.js';
import { readOaiBundle } from '#dumps/oai/folder.js';
import { transmissionOf } from '#dumps/oai/ldpc-config.js';
import { SpikingRxError } from '#errors.js';
import { decodeTransportBlock } from '#phy/coding/index.js';
import { lsLmmseReceiver } from '#phy/receivers/index.js';
import { drawBundle, type Files, TemporaryFolder } from '../helpers/bundles.js';

const temporary = new TemporaryFolder();
afterAll(() => temporary.remove());

const bundle = drawBundle();
const OWN_LLRS = Float32Array.from({ length: bundle.pdsch.G }, (_, i) => i - 100);
const folder = temporary.bundle({ ...bundle, llrs: OWN_LLRS });
const GOOD = TemporaryFolder.read(folder);
const NAMES = Object.keys(GOOD);

/** The error that reading these files ends with. */
function errorOf(files: Files): SpikingRxError {
  TemporaryFolder.replace(folder, files);
  try {
    slotOfBundle(readOaiBundle(folder), filesIn(folder).pathOf);
  } catch (error) {
    return error as SpikingRxError;
  }
  throw new Error('the bundle was read');
}

/** The good files, one of them changed. */
function changed(name: string, change: (content: Uint8Array) => Uint8Array): Files {
  return { ...GOOD, [name]: change(GOOD[name] as Uint8Array) };
}

function text(name: string, change: (content: string) => string): Files {
  return changed(name, (bytes) => new TextEncoder().encode(change(new TextDecoder().decode(bytes))));
}

/** Sets a field of the header of fullgrid.bin. */
function header(index: number, value: number): Files {
  return changed('fullgrid.bin', (bytes) => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint16(2 * index, value, true);
    return copy;
  });
}

const setKey = (name: string, key: string, value: number | string): Files =>
  text(name, (content) => content.replace(new RegExp(`^${key} .*$`, 'm'), `${key} ${value}`));
const pdsch = (key: string, value: number | string): Files => setKey('pdsch_cfg.txt', key, value);
const ldpc = (key: string, value: number | string): Files => setKey('ldpc_cfg.txt', key, value);
const without = (name: string): Files =>
  Object.fromEntries(Object.entries(GOOD).filter(([other]) => other !== name));

describe('a malformed bundle is an error that names file, field, what was expected and what came', () => {
  it.each<[string, Files, string]>([
    ['no grid', without('fullgrid.bin'), 'fullgrid.bin: expected a file, received none'],
    ['no pdsch_cfg', without('pdsch_cfg.txt'), 'pdsch_cfg.txt: expected a file, received none'],
    ['no ldpc_cfg', without('ldpc_cfg.txt'), 'ldpc_cfg.txt: expected a file, received none'],
    [
      'empty grid',
      changed('fullgrid.bin', () => new Uint8Array()),
      'fullgrid.bin: header: expected 16 bytes, received a file of 0 bytes',
    ],
    [
      'short grid',
      changed('fullgrid.bin', (bytes) => bytes.slice(0, -56)),
      'fullgrid.bin: size: expected 16 + 14 x N x 4 bytes with N = 2^n or 3 x 2^n from 128 to 8192, received 7128 bytes',
    ],
    [
      'huge grid',
      changed('fullgrid.bin', () => new Uint8Array(500_000)),
      'fullgrid.bin: expected at most 458768 bytes, received 500000 bytes',
    ],
    ['other frame', header(0, 9), 'fullgrid.bin: header frame: expected 0, as in pdsch_cfg.txt, received 9'],
    ['other slot', header(1, 9), 'fullgrid.bin: header slot: expected 3, as in pdsch_cfg.txt, received 9'],
    ['other start', header(2, 0), 'fullgrid.bin: header start_symbol: expected 1, as in'],
    ['odd n_sym', header(3, 13), 'fullgrid.bin: header n_sym: expected 14, or 12, received 13'],
    [
      'used_sc too wide',
      header(5, 132),
      'header used_sc: expected a multiple of 12 from 12 to 128, received 132',
    ],
    ['used_sc 0', header(5, 0), 'fullgrid.bin: header used_sc: expected a multiple of 12'],
    ['other number_symbols', header(6, 12), 'fullgrid.bin: header number_symbols: expected 13, as in'],
    [
      'other G',
      header(7, 1),
      'fullgrid.bin: header G: expected 576 (G of pdsch_cfg.txt modulo 65536), received 1',
    ],
    [
      'narrow carrier',
      header(5, 48),
      'pdsch_cfg.txt: number_rbs: expected BWPStart + start_rb + number_rbs of at most 4',
    ],
    ['G not that of the REs', allG(574), 'pdsch_cfg.txt: G: expected 576 (288 data REs x Qm 2;'],
    [
      'G of the two files',
      ldpc('G', 574),
      'ldpc_cfg.txt: G: expected 576, as in pdsch_cfg.txt, received 574',
    ],
    [
      'no number',
      pdsch('rnti', 'abc'),
      'pdsch_cfg.txt: rnti: expected a whole number from 0 to 65535, received "abc"',
    ],
    ['a fraction', pdsch('rnti', '1.5'), 'pdsch_cfg.txt: rnti: expected a whole number'],
    [
      'too large',
      pdsch('physCellId', 1008),
      'physCellId: expected a whole number from 0 to 1007, received "1008"',
    ],
    ['negative', pdsch('start_rb', -1), 'pdsch_cfg.txt: start_rb: expected a whole number from 0 to 274'],
    ['second codeword', pdsch('dlsch_id', 1), 'pdsch_cfg.txt: dlsch_id: expected a whole number from 0 to 0'],
    [
      'too many symbols',
      pdsch('number_symbols', 14),
      'number_symbols: expected at most 13 from symbol 1 on, received 14',
    ],
    ['DMRS outside', pdsch('dlDmrsSymbPos', 5), 'dlDmrsSymbPos: expected bits 1 to 13 only, received bit 0'],
    [
      '3 groups of type 1',
      pdsch('n_dmrs_cdm_groups', 3),
      'n_dmrs_cdm_groups: expected 1 or 2 with dmrsConfigType 0',
    ],
    [
      'missing key',
      text('pdsch_cfg.txt', (content) => content.replace(/^rnti .*\n/m, '')),
      'pdsch_cfg.txt: rnti: expected a line with this key, received none',
    ],
    [
      'key twice',
      text('pdsch_cfg.txt', (content) => `${content}rnti 1\n`),
      'pdsch_cfg.txt: rnti: expected one line with this key, received two',
    ],
    [
      'unknown key',
      text('ldpc_cfg.txt', (content) => `${content}speed 1\n`),
      'ldpc_cfg.txt: line 14: expected one of the keys BG, Zc, A,',
    ],
    [
      'three words',
      text('ldpc_cfg.txt', (content) => `${content}R 13 14\n`),
      'ldpc_cfg.txt: line 14: expected a key and a value, received "R 13 14"',
    ],
    [
      'layers',
      ldpc('nb_layers', 2),
      'ldpc_cfg.txt: nb_layers: expected 1 (more layers are not supported), received 2',
    ],
    ['Qm 3', ldpc('Qm', 3), 'ldpc_cfg.txt: Qm: expected 2, 4, 6 or 8, received 3'],
    ['other graph', ldpc('BG', 1), 'ldpc_cfg.txt: BG: expected 2 for A 208, BG 1, received 1'],
    ['other Zc', ldpc('Zc', 8), 'ldpc_cfg.txt: Zc: expected 28 for A 208, BG 2, received 8'],
    ['other K', ldpc('K', 1), 'ldpc_cfg.txt: K: expected 280 for A 208, BG 2, received 1'],
    ['A of no bytes', ldpc('A', 209), 'ldpc_cfg.txt: A: expected a multiple of 8, received 209'],
    ['small buffer', ldpc('tbslbrm', 1), 'ldpc_cfg.txt: tbslbrm: expected 0, or at least'],
    [
      'short LLRs',
      changed('demapper_llr_f32.bin', (bytes) => bytes.slice(4)),
      'demapper_llr_f32.bin: size: expected 4 x G = 2304 bytes, received 2300 bytes',
    ],
    [
      'NaN',
      changed('demapper_llr_f32.bin', (bytes) => bytes.slice().fill(0xff, 8, 12)),
      'demapper_llr_f32.bin: value 2: expected a finite number, received NaN',
    ],
    [
      'long bits',
      changed('txbits.bin', (bytes) => new Uint8Array([...bytes, 0])),
      'txbits.bin: expected at most 26 bytes, received 27 bytes',
    ],
    [
      'silence',
      changed('fullgrid.bin', (bytes) => bytes.slice().fill(0, 16)),
      'fullgrid.bin: rxGrid: expected a signal at the pilots, received zeros only',
    ],
  ])('%s', (_name, files, message) => {
    const error = errorOf(files);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(message);
    for (const part of [error.field, error.expected, error.received]) expect(part).toBeTruthy();
  });

  it.each(['fullgrid.bin', 'txbits.bin'])('a folder in the place of %s', (name) => {
    TemporaryFolder.replace(folder, without(name));
    mkdirSync(join(folder, name));
    expect(() => readOaiBundle(folder)).toThrow(`${name}: expected a file, received something else`);
    rmSync(join(folder, name), { recursive: true });
  });

  it('a file in the place of the folder', () => {
    TemporaryFolder.replace(folder, GOOD);
    const file = join(folder, 'txbits.bin');
    expect(() => readOaiBundle(file)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: join(file, 'pdsch_cfg.txt') }),
    );
  });

  it('no folder', () => {
    expect(() => readOaiBundle(join(folder, 'none'))).toThrow(
      'pdsch_cfg.txt: expected a file, received none',
    );
  });
});

/** Another G wherever it is written. */
function allG(g: number): Files {
  const grid = header(7, g)['fullgrid.bin'] as Uint8Array;
  const texts = [pdsch('G', g)['pdsch_cfg.txt'], ldpc('G', g)['ldpc_cfg.txt']] as Uint8Array[];
  return {
    'fullgrid.bin': grid,
    'pdsch_cfg.txt': texts[0] as Uint8Array,
    'ldpc_cfg.txt': texts[1] as Uint8Array,
  };
}

/** Damage to a file: bytes overwritten, cut off, put in, or the file gone. */
const damage: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array | undefined> = fc.oneof(
  fc
    .tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
    .map(([at, part]) => (bytes: Uint8Array) => {
      const copy = bytes.slice();
      copy.set(part.slice(0, copy.length), at % Math.max(1, copy.length - part.length + 1));
      return copy;
    }),
  fc.nat().map((length) => (bytes: Uint8Array) => bytes.slice(0, length % (bytes.length + 1))),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 64 })).map(([at, part]) => (bytes: Uint8Array) => {
    const cut = at % (bytes.length + 1);
    return new Uint8Array([...bytes.slice(0, cut), ...part, ...bytes.slice(cut)]);
  }),
  fc.constant(() => undefined),
);

/** Digits of a configuration replaced: text that still parses. */
const digits = fc.tuple(fc.nat(), fc.nat({ max: 9 })).map(([at, digit]) => (bytes: Uint8Array) => {
  const places = [...bytes.keys()].filter((i) => (bytes[i] as number) >= 48 && (bytes[i] as number) <= 57);
  const copy = bytes.slice();
  const place = places[at % Math.max(1, places.length)];
  if (place !== undefined) copy[place] = 48 + digit;
  return copy;
});

/** Reads, receives and decodes; anything but an INVALID_ARGUMENT that names a file of the bundle goes through. */
function outcome(files: Files): string {
  TemporaryFolder.replace(folder, files);
  try {
    const read = readOaiBundle(folder);
    const llrs = lsLmmseReceiver(slotOfBundle(read, filesIn(folder).pathOf));
    decodeTransportBlock(llrs, transmissionOf(read.pdsch, read.ldpc));
    return 'read';
  } catch (error) {
    if (!(error instanceof SpikingRxError) || error.code !== 'INVALID_ARGUMENT') throw error;
    return NAMES.some((name) => error.field?.includes(name)) ? 'refused' : `no file: ${error.message}`;
  }
}

describe('whatever is damaged', () => {
  it.each([
    ['bytes', damage],
    ['digits', digits],
  ])('%s: it is read, or refused with the name of a file', (_kind, arbitrary) => {
    const mishap = fc.tuple(fc.constantFrom(...NAMES), arbitrary);
    fc.assert(
      fc.property(fc.array(mishap, { minLength: 1, maxLength: 2 }), (mishaps) => {
        const files: Record<string, Uint8Array> = { ...GOOD };
        for (const [name, change] of mishaps) {
          const content = files[name] && change(files[name]);
          if (content === undefined) delete files[name];
          else files[name] = content;
        }
        expect(outcome(files)).toMatch(/^(read|refused)$/);
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
