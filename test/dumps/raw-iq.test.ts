import { expect, it } from 'vitest';
import { interleave } from '#client/types.js';
import { type RawFormat, slotsOfRawSamples } from '#dumps/raw-iq.js';
import { Random } from '#phy/random.js';
import { type Slot, simulateSlot } from '#phy/slot.js';
import { DMRS, slotConfig } from '../phy/helpers/slots.js';

const SLOTS = [1, 2].map((seed) => simulateSlot(slotConfig({ nPrb: 2, snrDb: 20 }), Random.fromSeed(seed)));
const FORMAT: RawFormat = {
  datatype: 'cf32_le',
  scale: 1,
  shape: { nRx: 2, nSym: 14, nSc: 24 },
  dmrs: DMRS,
  modulation: 'QPSK',
};
const BYTES = new Uint8Array(
  SLOTS.flatMap(({ rxGrid }) => [...new Uint8Array(interleave(rxGrid, 14 * 24).buffer)]),
);

it('slots come back, sample by sample', () => {
  const read = slotsOfRawSamples('a.iq', BYTES, FORMAT);
  expect(read.map(({ name }) => name)).toEqual(['slot 0', 'slot 1']);
  read.forEach((slot, i) => {
    const sent = SLOTS[i] as Slot;
    for (const key of ['rxGrid', 'dmrs', 'dataMask', 'shape', 'modulation'] as const)
      expect(slot[key]).toEqual(sent[key]);
    // 48 pilots a slot and antenna: the estimate's standard deviation is about 0.7 dB.
    expect(Math.abs(slot.snrDb - 20)).toBeLessThan(4);
  });
});

it.each<[string, Uint8Array, Partial<RawFormat>, string]>([
  [
    'a byte too few',
    BYTES.slice(1),
    {},
    'a.iq: size: expected a multiple of 5376 bytes (2 x 14 x 24 samples',
  ],
  ['nothing', new Uint8Array(), {}, 'a.iq: size: expected a multiple of 5376 bytes'],
  [
    'no signal',
    new Uint8Array(5376),
    {},
    'a.iq: rxGrid: expected a signal at the pilots, received zeros only',
  ],
  [
    'no numbers',
    new Uint8Array(5376).fill(0xff),
    {},
    'a.iq: slot 0: expected finite samples, received NaN in I of sample 0',
  ],
  [
    'pilots outside',
    BYTES,
    { dmrs: { ...DMRS, symbolPositions: [14] } },
    'dmrs.symbolPositions[0]: expected an integer from 0 to 13, received 14',
  ],
])('%s is an error that says so', (_name, bytes, change, message) => {
  expect(() => slotsOfRawSamples('a.iq', bytes, { ...FORMAT, ...change })).toThrow(message);
});
