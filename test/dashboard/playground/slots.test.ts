import { expect, it } from 'vitest';
import { interleave } from '#client/types.js';
import { kindOf, readDropped } from '#dashboard/playground/dropped-files.js';
import {
  errorPlane,
  llrHistograms,
  llrPlane,
  magnitudeDb,
  receivedPoints,
  sentPoints,
  symbolPoints,
} from '#dashboard/playground/planes.js';
import { type Setup, SetupForm } from '#dashboard/playground/setup.js';
import { dumpedSlot, simulatedSlot } from '#dashboard/playground/slots.js';
import { writeRecording } from '#dumps/sigmf/write.js';
import { bitErrors } from '#phy/metrics.js';
import { TemporaryFolder, drawBundle } from '../../dumps/helpers/bundles.js';

const SETUP = new SetupForm().setup({ nRx: 2, modulation: '16QAM' }) as Setup;
const slot = simulatedSlot(SETUP);
const bits = slot.bits as Uint8Array;
const [ls, perfect] = slot.comparisons;

/** Compared in one piece. */
const bytesOf = (values: Float32Array) => Buffer.from(values.buffer).toString('latin1');

it('a simulated slot is the same again, and along the SNR all but the noise stays', () => {
  expect(bytesOf(simulatedSlot(SETUP).rxGrid)).toEqual(bytesOf(slot.rxGrid));
  const clean = simulatedSlot({ ...SETUP, config: { ...SETUP.config, snrDb: 35 } });
  expect(Buffer.from(clean.bits as Uint8Array).equals(bits)).toBe(true);
  const half = simulatedSlot({ ...SETUP, config: { ...SETUP.config, snrDb: 35 + 20 * Math.log10(2) } });
  // Half the noise: rx(35 dB) − rx(41 dB) = rx(41 dB) − noiseless, up to the rounding of float32.
  const noise = clean.rxGrid.map((value, i) => value - (half.rxGrid[i] as number));
  const power = noise.reduce((sum, value) => sum + value ** 2, 0) / (noise.length / 2);
  expect(power / (10 ** -3.5 / 4)).toBeGreaterThan(0.9);
  expect(power / (10 ** -3.5 / 4)).toBeLessThan(1.1);
});

it('conventional receivers are beside it, the one that knows the channel ahead', () => {
  expect(slot.comparisons.map(({ receiver }) => receiver)).toEqual(['ls-lmmse', 'perfect-csi']);
  const [first = 0, second = 0] = slot.comparisons.map(({ llrs }) => bitErrors(llrs, bits));
  expect(second).toBeLessThan(first);
  // 2 antennas at 16 dB: between no errors and a tenth.
  expect(second).toBeGreaterThan(0);
  expect(first).toBeLessThan(bits.length / 10);
});

it('maps have a value at every data element, and none at pilots', () => {
  const llrs = ls!.llrs;
  const plane = llrPlane(slot, llrs, { bit: 1, qm: 4 });
  const order = [...slot.dataMask.keys()].filter((re) => slot.dataMask[re] === 1);
  expect([...plane.keys()].filter((re) => !Number.isNaN(plane[re]))).toEqual(order);
  expect(plane[order[77] as number]).toBe(llrs[4 * 77 + 1]);
  const wrong = errorPlane({ ...slot, bits }, llrs, 4);
  expect(order.reduce((sum, re) => sum + (wrong[re] as number), 0)).toBe(bitErrors(llrs, bits));
});

it('power is relative to the mean over grid and antennas', () => {
  const mean = [0, 1]
    .flatMap((antenna) => [...magnitudeDb(slot, antenna)])
    .reduce((sum, db) => sum + 10 ** (db / 10), 0);
  expect(mean / (2 * 14 * 144)).toBeCloseTo(1, 4);
});

const sum = (counts: readonly number[] = []) => counts.reduce((a, b) => a + b, 0);

it('the histogram counts every LLR once, and apart by the bit sent', () => {
  const { all, zero, one } = llrHistograms(perfect!.llrs, bits);
  expect(sum(all.counts)).toBe(bits.length);
  expect(sum(one?.counts)).toBe(bits.reduce((a, b) => a + b, 0));
  expect(sum(zero?.counts) + sum(one?.counts)).toBe(bits.length);
  // Left half: decided for 1. Bit 0 is there only by error.
  const left = sum(zero?.counts.slice(0, 20));
  expect(left).toBeLessThan(0.1 * bits.length);
  expect(llrHistograms(perfect!.llrs).zero).toBeUndefined();
});

const meanPower = (points: readonly (readonly [number, number])[]) =>
  points.reduce((total, [re, im]) => total + re ** 2 + im ** 2, 0) / points.length;

it('points: at most 1500, of unit power as received, around those sent once equalised', () => {
  const received = receivedPoints(slot, 0);
  expect(received.length).toBe(Math.ceil(1872 / 2));
  // Half of the data elements, which are like the others: within a tenth.
  expect(Math.abs(meanPower(received) - 1)).toBeLessThan(0.1);
  const sent = sentPoints('16QAM');
  expect(meanPower(sent)).toBeCloseTo(1, 9);
  const distances = symbolPoints(perfect!.symbols as Float32Array).map(([x, y]) =>
    Math.min(...sent.map(([a, b]) => Math.hypot(a - x, b - y))),
  );
  expect(distances.reduce((a, b) => a + b, 0) / distances.length).toBeLessThan(0.25);
});

it('a dropped bundle: its slot, its own LLRs, and wrong bits by the block that was sent', async () => {
  const temporary = new TemporaryFolder();
  const bundle = drawBundle();
  const folder = temporary.bundle({ ...bundle, llrs: new Float32Array(bundle.pdsch.G).fill(1) });
  const files = Object.entries(TemporaryFolder.read(folder)).map(([name, bytes]) => ({
    name,
    bytes: new Uint8Array(bytes),
  }));
  const { kind, slots, bundle: read } = await readDropped(files);
  expect([kind, slots.length]).toEqual(['oai', 1]);
  const shown = dumpedSlot(slots[0]!, read);
  expect(shown.comparisons.map(({ receiver }) => receiver)).toEqual(['ls-lmmse', 'dump']);
  // AWGN at 15 dB and QPSK: no error but by a fault.
  expect(bitErrors(shown.comparisons[0]!.llrs, shown.bits as Uint8Array)).toBe(0);
  await expect(readDropped(files.slice(0, 1))).rejects.toThrow(/: expected a file, received none/);
  temporary.remove();
});

it('a dropped recording is checked against its hash', async () => {
  const temporary = new TemporaryFolder();
  const { dmrsConfig: dmrs, rxGrid, shape, modulation } = slot;
  writeRecording(`${temporary.path}/a`, [{ rxGrid, shape, modulation, config: { dmrs } }], {
    datatype: 'cf32_le',
  });
  const files = Object.entries(TemporaryFolder.read(temporary.path)).map(([name, bytes]) => ({
    name,
    bytes: new Uint8Array(bytes),
  }));
  const { kind, slots } = await readDropped(files);
  expect([kind, slots.length]).toEqual(['sigmf', 1]);
  const shown = dumpedSlot(slots[0]!);
  expect(shown).not.toHaveProperty('bits');
  expect(shown.rxGrid).toEqual(rxGrid);
  files.find(({ name }) => name.endsWith('data'))!.bytes[0]! ^= 1;
  await expect(readDropped(files)).rejects.toThrow('a.sigmf-data: SHA-512: expected');
  temporary.remove();
});

it('a dropped file of samples wants a description, and no company', async () => {
  const bytes = new Uint8Array(interleave(slot.rxGrid, 14 * 144).buffer);
  const raw = { datatype: 'cf32_le', scale: 1, shape: slot.shape, dmrs: slot.dmrsConfig } as const;
  const { kind, slots } = await readDropped([{ name: 'a.iq', bytes }], { ...raw, modulation: '16QAM' });
  expect(kind).toBe('raw');
  expect(slots[0]?.rxGrid).toEqual(slot.rxGrid);
  await expect(readDropped([{ name: 'a.iq', bytes }])).rejects.toThrow('a description of the raw samples');
  await expect(
    readDropped([
      { name: 'a.iq', bytes },
      { name: 'b.iq', bytes },
    ]),
  ).rejects.toThrow('files: expected a bundle');
});

it.each([
  [['pdsch_cfg.txt'], 'oai'],
  [['x.sigmf-data'], 'sigmf'],
  [['x.sigmf'], 'sigmf'],
  [['x.bin'], 'raw'],
] as const)('%o are taken for %s', (names, kind) => {
  expect(kindOf(names)).toBe(kind);
});
