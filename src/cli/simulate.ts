import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { binarySample, jsonSample } from '../demo/sample.js';
import { invalid } from '../errors.js';
import { MODULATIONS, type Modulation } from '../nr/qam.js';
import { Random } from '../phy/random.js';
import { type Slot, simulateSlot } from '../phy/slot.js';
import { TDL_PROFILE_NAMES, TDL_PROFILES, type TdlProfileName } from '../phy/tdl/profiles.js';
import { numberList, positiveInteger } from './options.js';

interface SimulateFlags {
  readonly modulation: Modulation;
  readonly rx: number;
  readonly prb: number;
  readonly snr: number;
  readonly profile: TdlProfileName | 'awgn' | 'rayleigh';
  readonly delaySpread: number;
  readonly doppler: number;
  readonly dmrsSymbols: readonly number[];
  readonly cdmGroups: '1' | '2';
  readonly seed: number;
  readonly model?: string;
  readonly format: 'json' | 'cf32';
  readonly out: string;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Write one simulated slot as a request for POST /v1/llr, and its true bits beside it')
    .addOption(new Option('--modulation <name>', 'QAM of the data').choices(MODULATIONS).default('QPSK'))
    .option('--rx <n>', 'receive antennas', positiveInteger, 2)
    .option('--prb <n>', 'resource blocks', positiveInteger, 4)
    .option('--snr <dB>', 'received signal energy per RE and antenna over N0', number, 6)
    .addOption(
      new Option('--profile <name>', 'channel')
        .choices([...TDL_PROFILE_NAMES, 'awgn', 'rayleigh'])
        .default('TDL-C'),
    )
    .option('--delay-spread <ns>', 'RMS delay spread of TDL-A … TDL-E', number, 100)
    .option('--doppler <Hz>', 'maximum Doppler shift of a TDL', number, 100)
    .option('--dmrs-symbols <list>', 'OFDM symbols that carry DMRS', numberList, [2, 11])
    .addOption(
      new Option('--cdm-groups <n>', 'CDM groups without data: 2 keeps data out of the DMRS symbols')
        .choices(['1', '2'])
        .default('1'),
    )
    .option('--seed <n>', 'seed of bits, channel and noise', positiveInteger, 1)
    .option('--model <name>', "model to ask for (default: the service's default)")
    .addOption(
      new Option('--format <name>', 'json: a JSON request; cf32: a binary body and its metadata')
        .choices(['json', 'cf32'])
        .default('json'),
    )
    .option('--out <path>', 'path of the files without their endings', 'slot')
    .action(simulate);
}

function simulate(flags: SimulateFlags): void {
  const options = { name: basename(flags.out), model: flags.model };
  const slot = drawSlot(flags);
  const files = flags.format === 'json' ? jsonSample(slot, options) : binarySample(slot, options);
  const directory = dirname(flags.out);
  mkdirSync(directory, { recursive: true });
  for (const { name, content } of files) {
    const path = join(directory, name);
    writeFileSync(path, content);
    console.log(path);
  }
}

function drawSlot(flags: SimulateFlags): Slot {
  return simulateSlot(
    {
      modulation: flags.modulation,
      nRx: flags.rx,
      nPrb: flags.prb,
      snrDb: flags.snr,
      channel: channelOf(flags),
      dmrs: {
        configType: 1,
        symbolPositions: flags.dmrsSymbols,
        nId: 1,
        nScid: 0,
        slot: 0,
        cdmGroupsWithoutData: flags.cdmGroups === '2' ? 2 : 1,
      },
    },
    Random.fromSeed(flags.seed).fork('simulate'),
  );
}

function channelOf({ profile, delaySpread, doppler }: SimulateFlags) {
  if (profile === 'awgn' || profile === 'rayleigh') return profile;
  if (delaySpread < 0) throw invalid('--delay-spread', 'nanoseconds from 0', String(delaySpread));
  const scaled = TDL_PROFILES[profile].delayUnit === 'delaySpread';
  return { profile, dopplerHz: doppler, ...(scaled && { delaySpreadSeconds: delaySpread * 1e-9 }) };
}
