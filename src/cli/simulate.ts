import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { binarySample, jsonSample, truthOf } from '../demo/sample.js';
import { slotOfBundle } from '../dumps/oai/bundle.js';
import { writeOaiBundle } from '../dumps/oai/folder.js';
import { dmrsAmplitude } from '../dumps/oai/pdsch-config.js';
import { simulateOaiBundle } from '../dumps/oai/simulated.js';
import { writeRecording } from '../dumps/sigmf/write.js';
import { invalid } from '../errors.js';
import { halfRateMcs } from '../evaluate/link.js';
import { IQ_DATATYPE_NAMES, type IqDatatype } from '../iq.js';
import { MODULATIONS, type Modulation } from '../nr/qam.js';
import { lsLmmseReceiver } from '../phy/receivers/index.js';
import { Random } from '../phy/random.js';
import { type Slot, type SlotConfig, simulateSlot } from '../phy/slot.js';
import { TDL_PROFILE_NAMES, TDL_PROFILES, type TdlProfileName } from '../phy/tdl/profiles.js';
import { numberList, positiveInteger, wholeNumber } from './options.js';

interface SimulateFlags {
  readonly modulation: Modulation;
  readonly rx?: number;
  readonly prb: number;
  readonly snr: number;
  readonly profile: TdlProfileName | 'awgn' | 'rayleigh';
  readonly delaySpread: number;
  readonly doppler: number;
  readonly dmrsSymbols: readonly number[];
  readonly dmrsType: '1' | '2';
  readonly cdmGroups: '1' | '2' | '3';
  readonly seed: number;
  readonly model?: string;
  readonly startRb: number;
  readonly startSymbol: number;
  readonly symbols?: number;
  readonly slots?: number;
  readonly datatype?: IqDatatype;
  readonly carrierPrb?: number;
  readonly mcs?: number;
  readonly format: 'json' | 'cf32' | 'sigmf' | 'oai';
  readonly out: string;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

export function simulateCommand(): Command {
  return outputOptions(slotOptions(new Command('simulate')))
    .description(
      'Write a simulated slot, as a request for POST /v1/llr, a SigMF recording or a bundle as OAI dumps it',
    )
    .action(simulate);
}

/** What is sent, and over which channel. */
function slotOptions(command: Command): Command {
  return command
    .addOption(new Option('--modulation <name>', 'QAM of the data').choices(MODULATIONS).default('QPSK'))
    .option('--rx <n>', 'receive antennas (default: 2, and 1 for oai)', positiveInteger)
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

/** How it is written. */
function outputOptions(command: Command): Command {
  return command
    .option('--model <name>', "model to ask for (default: the service's default)")
    .addOption(
      new Option(
        '--format <name>',
        'json: a JSON request; cf32: a binary body and its metadata; sigmf: a recording; oai: a bundle',
      )
        .choices(['json', 'cf32', 'sigmf', 'oai'])
        .default('json'),
    )
    .option('--slots <n>', 'slots of a SigMF recording (default: 1)', positiveInteger)
    .addOption(
      new Option('--datatype <name>', 'of a SigMF recording (default: cf32_le)').choices(IQ_DATATYPE_NAMES),
    )
    .option('--carrier-prb <n>', "resource blocks of a bundle's carrier", positiveInteger)
    .option('--mcs <index>', "MCS of a bundle's transport block, table 1, 256QAM: 2", wholeNumber)
    .option('--out <path>', 'path of the files without their endings; folder of a bundle', 'slot');
}

/** Flags that belong to some formats only. */
const FLAGS_OF_FORMATS = [
  ['model', ['json', 'cf32']],
  ['slots', ['sigmf']],
  ['datatype', ['sigmf']],
  ['carrierPrb', ['oai']],
  ['mcs', ['oai']],
] as const satisfies readonly (readonly [keyof SimulateFlags, readonly SimulateFlags['format'][]])[];

function simulate(flags: SimulateFlags): void {
  for (const [key, formats] of FLAGS_OF_FORMATS) {
    if (flags[key] === undefined || (formats as readonly string[]).includes(flags.format)) continue;
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw invalid(flag, `--format ${formats.join(' or ')}`, `--format ${flags.format}`);
  }
  for (const path of write(flags)) console.log(path);
}

/** @returns the paths of the files written. */
function write(flags: SimulateFlags): string[] {
  switch (flags.format) {
    case 'json':
    case 'cf32':
      return writeRequest(flags, flags.format);
    case 'sigmf':
      return writeSigmf(flags);
    case 'oai':
      return writeOai(flags);
    default:
      return flags.format satisfies never;
  }
}

function writeRequest(flags: SimulateFlags, format: 'json' | 'cf32'): string[] {
  const options = { name: basename(flags.out), model: flags.model };
  const slot = simulateSlot(slotConfig(flags), randomOf(flags));
  const files = format === 'json' ? jsonSample(slot, options) : binarySample(slot, options);
  const directory = dirname(flags.out);
  mkdirSync(directory, { recursive: true });
  return files.map(({ name, content }) => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  });
}

/** Consecutive slots, each with bits, channel and noise of its own, and what was sent in them. */
function writeSigmf(flags: SimulateFlags): string[] {
  const random = randomOf(flags);
  const slots: Slot[] = Array.from({ length: flags.slots ?? 1 }, (_, i) =>
    simulateSlot(slotConfig(flags, { slot: i }), i === 0 ? random : random.fork(i)),
  );
  const paths = writeRecording(flags.out, slots, { datatype: flags.datatype ?? 'cf32_le' });
  const truth = `${flags.out}.truth.json`;
  writeFileSync(truth, `${JSON.stringify(slots.map(truthOf), null, 2)}\n`);
  return [...paths, truth];
}

/** A bundle with the LLRs of the conventional receiver as the demapper's. */
function writeOai(flags: SimulateFlags): string[] {
  const config = slotConfig({ ...flags, rx: flags.rx ?? 1 });
  const groups = config.dmrs.cdmGroupsWithoutData;
  const slot = { ...config, dmrs: { ...config.dmrs, scale: dmrsAmplitude(groups) } };
  const half = halfRateMcs(flags.modulation);
  const mcs = { table: half.table, index: flags.mcs ?? half.index };
  const carrier = flags.carrierPrb === undefined ? {} : { carrierPrb: flags.carrierPrb };
  const bundle = simulateOaiBundle({ slot, mcs, ...carrier }, randomOf(flags));
  const llrs = lsLmmseReceiver(slotOfBundle(bundle));
  return writeOaiBundle(flags.out, { ...bundle, llrs });
}

function randomOf({ seed }: SimulateFlags): Random {
  return Random.fromSeed(seed).fork('simulate');
}

/** What is left at its default is left out: requests stay as short as they can be. */
function slotConfig(flags: SimulateFlags, { slot }: { readonly slot: number } = { slot: 0 }): SlotConfig {
  const { startRb, startSymbol, symbols = 14 - startSymbol } = flags;
  return {
    modulation: flags.modulation,
    nRx: flags.rx ?? 2,
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

function channelOf({ profile, delaySpread, doppler }: SimulateFlags) {
  if (profile === 'awgn' || profile === 'rayleigh') return profile;
  if (delaySpread < 0) throw invalid('--delay-spread', 'nanoseconds from 0', String(delaySpread));
  const scaled = TDL_PROFILES[profile].delayUnit === 'delaySpread';
  return { profile, dopplerHz: doppler, ...(scaled && { delaySpreadSeconds: delaySpread * 1e-9 }) };
}
