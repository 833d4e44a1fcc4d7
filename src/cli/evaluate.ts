import { readFileSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { SpikingRxError } from '../errors.js';
import { evaluateBitErrors, formatMarkdown, usualCases } from '../evaluate/bit-error-rate.js';
import { ModelReceiver, conventionalReceivers } from '../evaluate/receivers.js';
import { MODULATIONS } from '../nr/qam.js';
import { readModelContract } from '../onnx/contract.js';
import { parseTrainConfig } from '../train/config.js';
import { numberList, positiveInteger } from './options.js';

interface EvaluateFlags {
  readonly model: string;
  readonly snr: readonly number[];
  readonly slots: number;
  readonly seed: number;
  readonly format: 'markdown' | 'json';
  readonly out?: string;
}

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('Bit error rate of the LLR signs on held-out slots, beside LS + LMMSE and perfect CSI')
    .requiredOption(
      '--model <file>',
      'model.onnx that names its training data (as `train` and `export` write it)',
    )
    .option('--snr <list>', 'SNRs in dB', numberList, [-4, -2, 0, 2, 4, 6, 8, 10, 12, 14, 16])
    .option('--slots <n>', 'slots for each point', positiveInteger, 1000)
    .option('--seed <n>', 'seed of the held-out slots', positiveInteger, 1)
    .addOption(new Option('--format <name>', 'output').choices(['markdown', 'json']).default('markdown'))
    .option('--out <file>', 'write there instead of to standard output')
    .action(evaluate);
}

async function evaluate(flags: EvaluateFlags): Promise<void> {
  const bytes = readFileSync(flags.model);
  const { config } = readModelContract(bytes);
  const modulation = MODULATIONS.find((name) => name === config?.['modulation']);
  const training = config?.['training'];
  if (!modulation || typeof training !== 'object' || training === null || !('data' in training))
    throw new SpikingRxError(
      'FAILED_PRECONDITION',
      `${flags.model} does not say what it was trained on: export it with 'spikingrx export'`,
    );
  const { data } = parseTrainConfig({ name: 'evaluation', version: '1', data: training.data });
  const model = await ModelReceiver.load('SpikingRx', bytes);
  const points = await evaluateBitErrors({
    receivers: [model, ...conventionalReceivers()],
    cases: usualCases(data),
    snrsDb: flags.snr,
    modulation,
    nRx: Number(config?.['nRx']),
    slotsPerPoint: flags.slots,
    seed: flags.seed,
    onPoint: (point) =>
      console.error(
        `${point.case}, ${point.snrDb} dB: ` +
          point.receivers.map((r) => `${r.name} ${r.bitErrorRate.toExponential(2)}`).join(', '),
      ),
  });
  await model.release();
  const text = flags.format === 'json' ? JSON.stringify(points, null, 2) : formatMarkdown(points);
  if (flags.out === undefined) console.log(text);
  else writeFileSync(flags.out, `${text}\n`);
}
