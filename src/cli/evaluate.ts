import { Command, Option } from 'commander';
import { availableCores } from '../engine/cores.js';
import type { CommandFlags } from '../evaluate/command.js';
import { MODULATIONS } from '../nr/qam.js';
import { EXIT_CODES } from './exit-codes.js';
import { positiveInteger, repeatable, scenarioOptions } from './options.js';

export function evaluateCommand(): Command {
  return scenarioOptions(receiverOptions(new Command('evaluate')))
    .description('BLER, BER and GMI over SNR on held-out slots, for any receivers side by side')
    .option('--snr <list>', 'SNRs in dB', '-4,-2,0,2,4,6,8,10,12,14,16')
    .option('--slots <n>', 'most slots for each point', '2000')
    .option('--block-errors <n>', 'end a point when every receiver has so many block errors', '100')
    .option('--mcs <index>', 'MCS of the transport blocks (default: code rate nearest to 1/2)')
    .option('--mcs-table <n>', 'table of --mcs, TS 38.214 §5.1.3.1: 1, 2 or 3 (default: 1)')
    .option('--uncoded', 'random bits, no LDPC: bit error rates only', false)
    .option('--case <name>', 'one case of this name with all that the scenario draws, in place of the split')
    .option('--profiles <list>', 'channel profiles drawn: TDL-A … TDL-C300; or awgn, or rayleigh')
    .option('--prb <list>', 'resource blocks drawn')
    .option('--seed <n>', 'seed of the held-out slots', '1')
    .addOption(
      new Option('--workers <n>', 'threads; the figures do not depend on it')
        .argParser(positiveInteger)
        .default(availableCores(), 'one a core'),
    )
    .addOption(
      new Option('--format <name>', 'standard output')
        .choices(['markdown', 'json', 'csv'])
        .default('markdown'),
    )
    .option('--out <dir>', 'keep finished points there, go on with them, and write JSON, CSV and SVG curves')
    .action(evaluate);
}

function receiverOptions(command: Command): Command {
  return command
    .addOption(repeatable('--model <[name=]file>', 'a model.onnx; again for further models', 'none'))
    .addOption(
      repeatable('--service <host:port[/model]>', 'a running service, over gRPC; again for more', 'none'),
    )
    .option(
      '--receivers <list>',
      'conventional receivers beside: ls-plain, ls-lmmse, lmmse, perfect-csi, or none',
      'ls-lmmse,lmmse,perfect-csi',
    )
    .option('--modulation <name>', `${MODULATIONS.join(', ')} (default: what the models are for, or QPSK)`)
    .option('--rx <n>', 'receive antennas (default: what the models are for, or 2)');
}

/** The plotting library takes longer to load than most commands to run. */
async function evaluate(flags: CommandFlags): Promise<void> {
  const { runEvaluation } = await import('../evaluate/command.js');
  if (await runEvaluation(flags)) process.exitCode = EXIT_CODES.interrupted;
}
