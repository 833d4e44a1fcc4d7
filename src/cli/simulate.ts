import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command, Option } from 'commander';
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
import { positiveInteger, wholeNumber } from './options.js';
import { type SlotFlags, slotConfigOf, slotOptions } from './slot-options.js';

interface SimulateFlags extends SlotFlags {
  readonly modulation: Modulation;
  readonly rx?: number;
  readonly model?: string;
  readonly slots?: number;
  readonly datatype?: IqDatatype;
  readonly carrierPrb?: number;
  readonly mcs?: number;
  readonly format: 'json' | 'cf32' | 'sigmf' | 'oai';
  readonly out: string;
}

export function simulateCommand(): Command {
  return outputOptions(sentOptions(new Command('simulate')))
    .description(
      'Write a simulated slot, as a request for POST /v1/llr, a SigMF recording or a bundle as OAI dumps it',
    )
    .action(simulate);
}

/** What is sent, and over which channel. */
function sentOptions(command: Command): Command {
  return slotOptions(
    command
      .addOption(new Option('--modulation <name>', 'QAM of the data').choices(MODULATIONS).default('QPSK'))
      .option('--rx <n>', 'receive antennas (default: 2, and 1 for oai)', positiveInteger),
    { snrDb: 6 },
  );
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

function slotConfig(flags: SimulateFlags, { slot }: { readonly slot: number } = { slot: 0 }): SlotConfig {
  return { modulation: flags.modulation, nRx: flags.rx ?? 2, ...slotConfigOf(flags, slot) };
}
