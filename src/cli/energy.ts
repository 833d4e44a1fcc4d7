import { Command, Option } from 'commander';
import type { EnergyCommandFlags } from '../energy/command.js';
import { repeatable } from './options.js';

export function energyCommand(): Command {
  return new Command('energy')
    .description('Firing rates, synaptic operations and estimated energy of models, beside the ANN and BLER')
    .addOption(
      repeatable('--model <[name=]file>', 'a model.onnx; again for further models, side by side', 'none'),
    )
    .option('--snr <list>', 'SNRs in dB', '0,5,10')
    .option('--slots <n>', 'slots at each SNR', '100')
    .option('--prb <n>', 'resource blocks of a slot', '4')
    .addOption(
      repeatable(
        '--dmrs <list>',
        'symbols with DMRS, for example 2,11; again for another set',
        'those of the scenario',
      ),
    )
    .option('--dmrs-type <list>', 'DMRS configuration types drawn: 1, 2 or 1,2')
    .option('--cdm-groups <list>', 'CDM groups without data drawn: 1, 2 or 1,2; with type 2 also 3')
    .option('--doppler <lo,hi>', 'maximum Doppler shift in Hz')
    .option('--delay-spread <lo,hi>', 'RMS delay spread in ns')
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

/** The plotting library takes longer to load than most commands to run. */
async function energy(flags: EnergyCommandFlags): Promise<void> {
  const { runEnergy } = await import('../energy/command.js');
  await runEnergy(flags);
}
