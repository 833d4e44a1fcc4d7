import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { versionFolders, writeGolden } from '../train/golden.js';

export function goldenCommand(): Command {
  return new Command('golden')
    .description(
      'Write golden.json beside every model.onnx: grids, and the LLRs that the service compares with before it is ready',
    )
    .requiredOption('--models <dir>', 'folder of the model repository')
    .option('--name <name>', 'one model only')
    .action(async (flags: { models: string; name?: string }) => {
      for (const folder of versionFolders(flags.models))
        if (flags.name === undefined || dirname(folder) === join(flags.models, flags.name))
          console.log(await writeGolden(folder));
    });
}
