import { Command, Option } from 'commander';
import type { EnergyCommandFlags } from '../energy/command.js';
import { repeatable, scenarioOptions } from './options.js';

export function energyCommand(): Command {
  return scenarioOptions(modelOptions(new Command('energy')))
    .description('Firing rates, synaptic operations and estimated energy of models, beside the ANN and BLER')
    .option('--snr <list>', 'SNRs in dB', '0,5,10')
    .option('--slots <n>', 'slots at each SNR', '100')
    .option('--prb <n>', 'resource blocks of a slot', '4')
    .option('--seed <n>', 'seed of the held-out slots', '1')
    .addOption(
      repeatable(
        '--evaluation <path>',
        'a folder of evaluate --out, or JSON that evaluate printed: adds the SNR at 10 % BLER; again for more',
        'none',
      ),
    )
    .addOption(
      new Option('--format <name>', 'standard output')
        .choices(['markdown', 'json', 'csv'])
        .default('markdown'),
    )
    .option('--out <dir>', 'write Markdown, JSON, CSV and SVG figures there')
    .action(energy);
}

function modelOptions(command: Command): Command {
  return command.addOption(
    repeatable('--model <[name=]file>', 'a model.onnx; again for further models, side by side', 'none'),
  );
}

/** The plotting library takes longer to load than most commands to run. */
async function energy(flags: EnergyCommandFlags): Promise<void> {
  const { runEnergy } = await import('../energy/command.js');
  await runEnergy(flags);
}
