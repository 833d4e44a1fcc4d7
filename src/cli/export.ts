import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { parseChoices } from '../evaluate/parse-flags.js';
import { TAP_KINDS, withTaps } from '../onnx/taps.js';
import { loadCheckpoint } from '../train/checkpoint.js';
import { publishModel } from '../train/publish.js';

interface ExportFlags {
  readonly checkpoint: string;
  readonly models: string;
  readonly taps?: string;
}

export function exportCommand(): Command {
  return new Command('export')
    .description(
      'Write the service graph of a checkpoint as <models>/<name>/<version>/model.onnx, with golden.json',
    )
    .requiredOption('--checkpoint <file>', 'checkpoint.bin of a training run')
    .requiredOption('--models <dir>', 'folder of the model repository')
    .option(
      '--taps <list>',
      `also write taps.onnx beside it, with these values of every layer and step as outputs: ${TAP_KINDS.join(', ')} (default: none)`,
    )
    .action(exportModel);
}

async function exportModel({ checkpoint, models, taps }: ExportFlags): Promise<void> {
  const kinds = taps === undefined ? [] : parseChoices('--taps', taps, TAP_KINDS);
  const path = await publishModel(loadCheckpoint(checkpoint), models);
  console.log(path);
  if (kinds.length === 0) return;
  // What is served stays lean: the copy has a file of its own.
  const copy = join(dirname(path), 'taps.onnx');
  writeFileSync(copy, withTaps(readFileSync(path), kinds));
  console.log(copy);
}
