import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { filesInMemory } from '#dumps/files.js';
import { readBundleFiles, slotOfBundle } from '#dumps/oai/bundle.js';
import { readOaiBundle, writeOaiBundle } from '#dumps/oai/folder.js';
import { transmissionOf } from '#dumps/oai/ldpc-config.js';
import { dmrsConfigOf } from '#dumps/oai/pdsch-config.js';
import { dmrsGrid } from '#nr/dmrs.js';
import { decodeTransportBlock } from '#phy/coding/index.js';
import { lsLmmseReceiver } from '#phy/receivers/index.js';
import { type BundleChange, drawBundle, exampleBundle, TemporaryFolder } from '../helpers/bundles.js';

const temporary = new TemporaryFolder();
afterAll(() => temporary.remove());

/** What OpenAirInterface's UE wrote of a slot with 50 PRB, in the older order with the slot's own keys. */
const OAI_LDPC_CFG =
  'frame 212\nslot 1\ndlsch_id 0\nBG 1\nZc 224\nA 9480\nC 2\nK 4928\nF 152\nG 14400\nQm 2\nnb_layers 1\n' +
  'rv_index 1\ntbslbrm 184424\nmcs 9\n';

describe('a bundle', () => {
  it('of 50 PRB, symbols 1 to 13 and one CDM group has G 14400, and 114,704 bytes at 14 x 2048', () => {
    const folder = temporary.bundle(exampleBundle());
    const { pdsch, ldpc, grid } = readOaiBundle(folder);
    expect(pdsch).toMatchObject({ G: 14_400, dlDmrsSymbPos: 2052, dmrsConfigType: 0, rnti: 0x1234 });
    expect(statSync(join(folder, 'fullgrid.bin')).size).toBe(114_704);
    expect(grid.header).toMatchObject({ n_sym: 14, first_sc: 388, used_sc: 1272, G: 14_400 });
    // MCS 9 on 7200 REs: the code that OAI's dumps of this allocation have; 4928 of 7200 + 2 x 224 bits are below 2/3.
    expect(ldpc).toMatchObject({ BG: 1, Zc: 224, A: 9480, C: 2, K: 4928, F: 152, Qm: 2, R: 13 });
    expect(slotOfBundle(readOaiBundle(folder)).shape).toEqual({ nRx: 1, nSym: 13, nSc: 600 });
  });

  it('is read with the coding parameters as OAI writes them', () => {
    const bundle = exampleBundle();
    const pdsch = { ...bundle.pdsch, frame: 212, slot: 1 };
    const header = { ...bundle.grid.header, frame: 212, slot: 1 };
    const folder = temporary.bundle({ grid: { ...bundle.grid, header }, pdsch, ldpc: bundle.ldpc }, 'oai');
    writeFileSync(join(folder, 'ldpc_cfg.txt'), OAI_LDPC_CFG);
    const { ldpc } = readOaiBundle(folder);
    expect(transmissionOf(pdsch, ldpc)).toMatchObject({
      rv: 1,
      limitedBufferBits: 184_424,
      codedBits: 14_400,
    });
  });

  it.each<[string, BundleChange]>([
    ['QPSK', {}],
    [
      '16QAM, two CDM groups',
      { slot: { modulation: '16QAM' }, mcs: { table: 1, index: 12 }, dmrs: { cdmGroupsWithoutData: 2 } },
    ],
    [
      '64QAM, type 2',
      {
        slot: { modulation: '64QAM', snrDb: 25 },
        mcs: { table: 1, index: 18 },
        dmrs: { configType: 2, cdmGroupsWithoutData: 3 },
      },
    ],
    [
      '256QAM, scrambling of its own',
      {
        slot: { modulation: '256QAM', snrDb: 30 },
        mcs: { table: 2, index: 20 },
        dmrs: { nId: 40_000, nScid: 1 },
      },
    ],
    ['12 symbols a slot', { slot: { nSym: 11 }, dmrs: { symbolsPerSlot: 12, symbolPositions: [2] } }],
  ])('comes back byte for byte: %s', (_name, change) => {
    const bundle = drawBundle(change);
    const llrs = Float32Array.from({ length: bundle.pdsch.G }, (_, i) => Math.fround(i / 3 - 50));
    const first = temporary.bundle({ ...bundle, llrs }, 'first');
    const second = temporary.bundle(readOaiBundle(first), 'second');
    const files = TemporaryFolder.read(first);
    expect(Object.keys(files)).toHaveLength(5);
    expect(TemporaryFolder.read(second)).toEqual(files);
    expect(readOaiBundle(first)).toEqual({ ...bundle, llrs });
  });

  it('keeps the transport block, the most significant bit of a byte first', () => {
    const bundle = drawBundle();
    const folder = temporary.bundle(bundle);
    const bits = [...readFileSync(join(folder, 'txbits.bin'))].flatMap((byte) =>
      byte.toString(2).padStart(8, '0').split('').map(Number),
    );
    expect(bits).toEqual([...(bundle.payload as Uint8Array)]);
  });

  it('needs neither LLRs nor the transport block, and leaves no old ones behind', () => {
    const { grid, pdsch, ldpc } = drawBundle();
    const folder = temporary.bundle(drawBundle());
    expect(writeOaiBundle(folder, { grid, pdsch, ldpc })).toHaveLength(3);
    expect(Object.keys(TemporaryFolder.read(folder))).toHaveLength(3);
    expect(readOaiBundle(folder)).toEqual({ grid, pdsch, ldpc });
    rmSync(folder, { recursive: true });
  });

  it('is the same out of memory, where messages have the names of the files alone', () => {
    const folder = temporary.bundle(drawBundle());
    const contents = new Map(
      Object.entries(TemporaryFolder.read(folder)).map(([name, bytes]) => [name, new Uint8Array(bytes)]),
    );
    expect(readBundleFiles(filesInMemory(contents))).toEqual(readOaiBundle(folder));
    contents.set('txbits.bin', new Uint8Array(9));
    expect(() => readBundleFiles(filesInMemory(contents))).toThrow(/^txbits\.bin: /);
    contents.delete('ldpc_cfg.txt');
    expect(() => readBundleFiles(filesInMemory(contents))).toThrow(
      /^ldpc_cfg\.txt: expected a file, received none/,
    );
  });
});

describe('the slot of a bundle', () => {
  const shape = { nSym: 13, nSc: 24 };

  it.each<[string, BundleChange]>([
    ['QPSK', {}],
    [
      'across the centre of the carrier, two CDM groups',
      { dmrs: { startRb: 4, cdmGroupsWithoutData: 2 }, carrierPrb: 9 },
    ],
    ['type 2', { dmrs: { configType: 2 } }],
  ])('is the one sent: LS + LMMSE decodes it, %s', (_name, change) => {
    const bundle = drawBundle(change);
    const slot = slotOfBundle(bundle);
    expect(slot.name).toBe('frame 0 slot 3');
    expect(slot.snrDb).toBeGreaterThan(12);
    const llrs = lsLmmseReceiver(slot);
    const decoded = decodeTransportBlock(llrs, transmissionOf(bundle.pdsch, bundle.ldpc));
    expect(decoded.crcOk).toBe(true);
    expect(decoded.bits).toEqual(bundle.payload);
  });

  it('counts its pilots from common resource block 0', () => {
    const { dmrs } = slotOfBundle(drawBundle());
    const whole = dmrsGrid({ ...dmrsConfigOf(drawBundle().pdsch, 14), startRb: 0 }, { nSym: 13, nSc: 60 });
    for (let symbol = 0; symbol < 13; symbol++)
      expect(dmrs.slice(symbol * 24, (symbol + 1) * 24)).toEqual(
        whole.slice(symbol * 60 + 36, symbol * 60 + 60),
      );
  });

  it('counts those of system information from the lowest block of CORESET 0', () => {
    const { pdsch } = drawBundle({ rnti: 0xffff });
    expect([pdsch.BWPStart, pdsch.start_rb]).toEqual([2, 1]);
    const dmrs = dmrsConfigOf(pdsch, 14);
    expect(dmrs.startRb).toBe(1);
    expect(dmrsGrid(dmrs, shape)).not.toEqual(dmrsGrid({ ...dmrs, startRb: 3 }, shape));
  });

  it('has pilots in the power of the CDM groups kept free, TS 38.214 Table 4.1-1', () => {
    for (const cdmGroupsWithoutData of [1, 2] as const) {
      const { dmrs } = slotOfBundle(drawBundle({ dmrs: { cdmGroupsWithoutData } }));
      const energy = dmrs.reduce((sum, value) => sum + value * value, 0);
      expect(energy / 24).toBeCloseTo(cdmGroupsWithoutData, 5);
    }
  });
});

describe('the simulator refuses what a bundle has no place for', () => {
  it.each<[string, BundleChange]>([
    ['nRx', { slot: { nRx: 2 } }],
    ['dmrs.port', { dmrs: { port: 1 } }],
    ['dmrs.scale', { dmrs: { scale: 1.2 } }],
    ['mcs', { mcs: { table: 1, index: 12 } }],
    ['carrierPrb', { carrierPrb: 4 }],
    ['dmrs.startRb', { bwpStart: 4 }],
  ])('%s', (field, change) => {
    expect(() => drawBundle(change)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', field }));
  });
});
