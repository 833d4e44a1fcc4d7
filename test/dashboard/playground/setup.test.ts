import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type SlotFlags, slotConfigOf, slotOptions } from '#cli/slot-options.js';
import { RawForm } from '#dashboard/playground/raw-form.js';
import { conditionsOf, flagsOf, type Setup, SetupForm, symbolsError } from '#dashboard/playground/setup.js';
import { simulatedSlot } from '#dashboard/playground/slots.js';
import { dataReCount } from '#phy/slot.js';
import { openSlot } from '#report/slot.js';

const RECEIVER = { nRx: 2, modulation: '16QAM' } as const;

describe('the form of a slot', () => {
  it('describes one that can be simulated, as it is first shown', () => {
    const { config, seed } = new SetupForm().setup(RECEIVER) as Setup;
    expect(seed).toBe(1);
    expect(config).toMatchObject({
      ...RECEIVER,
      nPrb: 12,
      snrDb: 16,
      channel: { profile: 'TDL-B', delaySpreadSeconds: 100 * 1e-9, dopplerHz: 100 },
      dmrs: { configType: 1, symbolPositions: [2, 11], cdmGroupsWithoutData: 1 },
    });
    // 14 x 144 REs, of which two symbols have pilots at every other one.
    expect(dataReCount(config)).toBe(14 * 144 - 2 * 72);
  });

  it.each([
    ['delaySpreadNs', '-1', 'Enter a number from 0 to 5000.'],
    ['dopplerHz', 'fast', '“fast” is not a number. Enter a number from 0 to 5000.'],
    ['snrDb', '99', 'Enter a number from -5 to 35.'],
    ['nPrb', '1.5', 'Enter a whole number from 1 to 273.'],
    ['seed', '', 'Enter a whole number from 1 to 4294967295.'],
  ] as const)('has no slot while %s is %o, and says why by the field', (field, text, message) => {
    const form = new SetupForm();
    form[field].text.value = text;
    expect(form.setup(RECEIVER)).toBeUndefined();
    expect(form[field].error.value).toBe(message);
  });

  it('asks for nothing that the channel does not have', () => {
    const form = new SetupForm();
    form.delaySpreadNs.text.value = 'unused';
    form.channel.value = 'TDL-C300';
    expect(form.hasDelaySpread.value).toBe(false);
    expect(form.setup(RECEIVER)?.config.channel).toEqual({ profile: 'TDL-C300', dopplerHz: 100 });
    form.dopplerHz.text.value = 'unused';
    form.channel.value = 'awgn';
    expect(form.hasDoppler.value).toBe(false);
    expect(form.setup(RECEIVER)?.config.channel).toBe('awgn');
  });

  it('has three CDM groups for type 2 only', () => {
    const form = new SetupForm();
    form.pilots.groups.value = '3';
    expect(form.pilots.groupsError.value).toBe('Type 1 has 2 CDM groups: choose 1 or 2.');
    expect(form.setup(RECEIVER)).toBeUndefined();
    form.pilots.type.value = '2';
    expect(form.setup(RECEIVER)?.config.dmrs).toMatchObject({ configType: 2, cdmGroupsWithoutData: 3 });
  });

  it.each(['', '14', '11, 2', '2, 2', '2 x', '-1', '2.5'])('refuses the symbols %o', (text) => {
    expect(symbolsError(text)).toBe('Enter symbols from 0 to 13 in ascending order, such as 2, 11.');
  });

  it.each(['0', '2, 11', '2;7 11', ' 13 '])('takes the symbols %o', (text) => {
    expect(symbolsError(text)).toBeUndefined();
  });

  it.each<[string, (form: SetupForm) => void]>([
    ['as first shown', () => undefined],
    [
      'all of it',
      (form) => {
        form.channel.value = 'TDL-E';
        form.delaySpreadNs.set(33.3);
        form.dopplerHz.set(0);
        form.snrDb.set(-2.5);
        form.nPrb.set(3);
        form.pilots.symbols.value = '3 12';
        form.pilots.type.value = '2';
        form.pilots.groups.value = '3';
        form.seed.set(99);
      },
    ],
    ['fixed delays', (form) => (form.channel.value = 'TDL-C300')],
    ['no fading', (form) => (form.channel.value = 'awgn')],
  ])('is the same slot on the command line: %s', (_name, change) => {
    const form = new SetupForm();
    change(form);
    const setup = form.setup(RECEIVER) as Setup;
    const command = slotOptions(new Command(), { snrDb: 10 });
    const flags = command.parse(flagsOf(setup), { from: 'user' }).opts<SlotFlags>();
    const config = slotConfigOf(flags);
    expect({ ...RECEIVER, ...config }).toEqual(setup.config);
    const { received } = openSlot({ kind: 'simulated', config, seed: flags.seed }, RECEIVER);
    expect(Buffer.from(simulatedSlot(setup).rxGrid.buffer).equals(Buffer.from(received.rxGrid.buffer))).toBe(
      true,
    );
  });

  it('counts slots of other SNRs and seeds as of the same conditions, and of nothing else', () => {
    const form = new SetupForm();
    const first = conditionsOf(form.setup(RECEIVER) as Setup, 'a/1');
    form.snrDb.set(3);
    form.seed.set(7);
    expect(conditionsOf(form.setup(RECEIVER) as Setup, 'a/1')).toBe(first);
    expect(conditionsOf(form.setup(RECEIVER) as Setup, 'a/2')).not.toBe(first);
    form.dopplerHz.set(101);
    expect(conditionsOf(form.setup(RECEIVER) as Setup, 'a/1')).not.toBe(first);
  });
});

it('raw samples: the shape is of the model and the fields, and symbols have to lie in it', () => {
  const form = new RawForm();
  form.datatype.value = 'ci16_le';
  form.nPrb.text.value = '4';
  expect(form.format(RECEIVER)).toMatchObject({
    datatype: 'ci16_le',
    scale: 1 / 32_768,
    shape: { nRx: 2, nSym: 14, nSc: 48 },
    modulation: '16QAM',
    dmrs: { nId: 1, nScid: 0, slot: 0 },
  });
  form.nSym.text.value = '10';
  expect(form.symbolsError.value).toMatch(/^Enter symbols from 0 to 9 /);
  expect(form.format(RECEIVER)).toBeUndefined();
});
