import { Command } from 'commander';
import { loadCheckpoint } from '../train/checkpoint.js';
import { publishModel } from '../train/publish.js';

export function exportCommand(): Command {
  return new Command('export')
    .description(
      'Write the service graph of a checkpoint as <models>/<name>/<version>/model.onnx, with golden.json',
    )
    .requiredOption('--checkpoint <file>', 'checkpoint.bin of a training run')
    .requiredOption('--models <dir>', 'folder of the model repository')
    .action(async (flags: { checkpoint: string; models: string }) => {
      console.log(await publishModel(loadCheckpoint(flags.checkpoint), flags.models));
    });
}
