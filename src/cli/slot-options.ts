/** Flags that describe a simulated slot, but for its modulation and its antennas. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { invalid } from '../errors.js';
import type { ChannelConfig } from '../phy/channel.js';
import type { SlotConfig } from '../phy/slot.js';
import { TDL_PROFILE_NAMES, TDL_PROFILES, type TdlProfileName } from '../phy/tdl/profiles.js';
import { numberList, positiveInteger, wholeNumber } from './options.js';

export interface SlotFlags {
  readonly prb: number;
  readonly snr: number;
  readonly profile: TdlProfileName | 'awgn' | 'rayleigh';
  readonly delaySpread: number;
  readonly doppler: number;
  readonly dmrsSymbols: readonly number[];
  readonly dmrsType: '1' | '2';
  readonly cdmGroups: '1' | '2' | '3';
  readonly startRb: number;
  readonly startSymbol: number;
  readonly symbols?: number;
  readonly seed: number;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** @param defaults `snrDb`: a number, or words for what decides where the flag is not given. */
export function slotOptions(command: Command, { snrDb }: { readonly snrDb: number | string }): Command {
  const words = typeof snrDb === 'string' ? ` (default: ${snrDb})` : '';
  const snr = new Option('--snr <dB>', `received signal energy per RE and antenna over N0${words}`).argParser(
    number,
  );
  return command
    .option('--prb <n>', 'resource blocks', positiveInteger, 4)
    .addOption(typeof snrDb === 'number' ? snr.default(snrDb) : snr)
    .addOption(
      new Option('--profile <name>', 'channel')
        .choices([...TDL_PROFILE_NAMES, 'awgn', 'rayleigh'])
        .default('TDL-C'),
    )
    .option('--delay-spread <ns>', 'RMS delay spread of TDL-A … TDL-E', number, 100)
    .option('--doppler <Hz>', 'maximum Doppler shift of a TDL', number, 100)
    .option('--dmrs-symbols <list>', 'OFDM symbols that carry DMRS', numberList, [2, 11])
    .addOption(new Option('--dmrs-type <n>', 'DMRS configuration type').choices(['1', '2']).default('1'))
    .addOption(
      new Option(
        '--cdm-groups <n>',
        'CDM groups without data; all that the type has (1: 2, 2: 3) keep data out of the DMRS symbols',
      )
        .choices(['1', '2', '3'])
        .default('1'),
    )
    .option('--start-rb <n>', 'lowest resource block, from common resource block 0', wholeNumber, 0)
    .option('--start-symbol <n>', 'first OFDM symbol of the grid', wholeNumber, 0)
    .option('--symbols <n>', 'OFDM symbols of the grid (default: to the end of the slot)', positiveInteger)
    .option('--seed <n>', 'seed of bits, channel and noise', positiveInteger, 1);
}

/** What is left at its default is left out: requests stay as short as they can be. */
export function slotConfigOf(flags: SlotFlags, slot = 0): Omit<SlotConfig, 'modulation' | 'nRx'> {
  const { startRb, startSymbol, symbols = 14 - startSymbol } = flags;
  return {
    nPrb: flags.prb,
    ...(symbols !== 14 && { nSym: symbols }),
    snrDb: flags.snr,
    channel: channelOf(flags),
    dmrs: {
      configType: Number(flags.dmrsType) as 1 | 2,
      symbolPositions: flags.dmrsSymbols,
      nId: 1,
      nScid: 0,
      slot,
      cdmGroupsWithoutData: Number(flags.cdmGroups) as 1 | 2 | 3,
      ...(startRb !== 0 && { startRb }),
      ...(startSymbol !== 0 && { startSymbol }),
    },
  };
}

function channelOf({ profile, delaySpread, doppler }: SlotFlags): ChannelConfig {
  if (profile === 'awgn' || profile === 'rayleigh') return profile;
  if (delaySpread < 0) throw invalid('--delay-spread', 'nanoseconds from 0', String(delaySpread));
  const scaled = TDL_PROFILES[profile].delayUnit === 'delaySpread';
  return { profile, dopplerHz: doppler, ...(scaled && { delaySpreadSeconds: delaySpread * 1e-9 }) };
}
