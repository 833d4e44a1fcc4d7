import { Command } from 'commander';
import { invalid } from '../errors.js';
import { availableCores } from '../engine/cores.js';
import type { Modulation } from '../nr/qam.js';
import type { SlotChoice } from '../report/slot.js';
import { positiveInteger, wholeNumber } from './options.js';
import { type SlotFlags, slotConfigOf, slotOptions } from './slot-options.js';

interface ReportFlags extends Omit<SlotFlags, 'snr'> {
  readonly model?: string;
  readonly snr?: number;
  readonly oai?: string;
  readonly sigmf?: string;
  readonly slot?: number;
  readonly sections?: string;
  readonly neuron?: string;
  readonly evaluation?: string;
  readonly evaluationSlots: number;
  readonly workers: number;
  readonly out: string;
}

/** Where the bit error rate before decoding is a few per cent: there is something to see. */
const USUAL_SNR_DB: Readonly<Record<Modulation, number>> = { QPSK: 2, '16QAM': 8, '64QAM': 14, '256QAM': 20 };

export function reportCommand(): Command {
  const usual = Object.entries(USUAL_SNR_DB).map(([modulation, snr]) => `${snr} for ${modulation}`);
  return slotOptions(whatOptions(new Command('report')), { snrDb: usual.join(', ') })
    .description(
      'A page of figures that show what a model does with a slot, and the figures and their data as files',
    )
    .option('--sections <list>', 'only these sections of the page, by their anchors (default: all)')
    .option(
      '--evaluation <path>',
      'points over SNR from a folder of evaluate --out, or from JSON that evaluate printed (default: a short evaluation)',
    )
    .option(
      '--evaluation-slots <n>',
      'slots for each SNR of the short evaluation; 0 leaves it out',
      wholeNumber,
      100,
    )
    .option('--workers <n>', 'threads of the short evaluation', positiveInteger, availableCores())
    .option('--out <dir>', 'folder for report.html, report.json, figures/ and data/', 'report')
    .action(report);
}

function whatOptions(command: Command): Command {
  return command
    .option('--model <file>', 'the model.onnx; what training left beside it is shown too')
    .option('--oai <dir>', 'the slot of a bundle of OpenAirInterface, in place of a simulated one')
    .option('--sigmf <file>', 'a slot of a SigMF recording of grids, in place of a simulated one')
    .option('--slot <n>', 'which slot of the recording, from 0 (default: 0)', wholeNumber)
    .option(
      '--neuron <place>',
      'the neuron to show in close-up, layer/channel/symbol/subcarrier, for example block2/17/5/31 (default: a lively one)',
    );
}

/** Plotting library and runtime take longer to load than most commands to run. */
async function report(flags: ReportFlags, command: Command): Promise<void> {
  const { model, out, sections, neuron, evaluation, evaluationSlots, workers } = flags;
  if (model === undefined) throw invalid('--model', 'a model.onnx', 'none');
  const slot = slotChoice(flags, command);
  const { runReport } = await import('../report/command.js');
  const { parseNeuron } = await import('../report/spiking/neuron-place.js');
  const page = await runReport({
    model,
    slot,
    sections: {
      ...(sections !== undefined && { only: sections.split(',') }),
      ...(neuron !== undefined && { neuron: parseNeuron(neuron) }),
      evaluation: { results: evaluation, slots: evaluationSlots, workers },
    },
    out,
    command: commandLine(process.argv.slice(2)),
    progress: (what) => console.error(what),
  });
  console.log(page);
}

function slotChoice(flags: ReportFlags, command: Command): (modulation: Modulation) => SlotChoice {
  const { oai, sigmf, slot } = flags;
  if (oai !== undefined && sigmf !== undefined) throw invalid('slot', 'one of --oai and --sigmf', 'both');
  if (slot !== undefined && sigmf === undefined) throw invalid('--slot', '--sigmf, which it is of', 'none');
  const dump = oai ?? sigmf;
  const simulating = slotOptions(new Command(), { snrDb: '' }).options;
  const given = simulating.find((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  if (dump !== undefined && given !== undefined)
    throw invalid(given.long ?? given.flags, 'a simulated slot, without --oai and --sigmf', dump);
  if (oai !== undefined) return () => ({ kind: 'oai', folder: oai });
  if (sigmf !== undefined) return () => ({ kind: 'sigmf', path: sigmf, index: slot ?? 0 });
  const { seed, snr } = flags;
  const config = slotConfigOf({ ...flags, snr: snr ?? 0 });
  return (modulation) => ({
    kind: 'simulated',
    config: { ...config, snrDb: snr ?? USUAL_SNR_DB[modulation] },
    seed,
  });
}

/** As it can be typed into a shell again. */
function commandLine(args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w./:=,@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`,
  );
  return ['spikingrx', ...quoted].join(' ');
}
