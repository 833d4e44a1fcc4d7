import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SpikingRxError } from '../errors.js';
import type { BenchOptions, BenchShape } from '../bench/options.js';
import { recordResult } from '../bench/record.js';
import { formatBench } from '../bench/report.js';
import { runBench } from '../bench/run.js';
import { availableCores } from '../engine/cores.js';
import { EXIT_CODES } from './exit-codes.js';
import { positiveInteger, positiveNumber } from './options.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** The options as commander gives them; the rest of BenchOptions follows from them. */
type BenchFlags = Omit<BenchOptions, 'version' | 'trainingBatch' | 'trainingSteps' | 'onProgress'> & {
  readonly quick: boolean;
  readonly record?: string;
};

/** `14x96,14x48` */
function shapeList(text: string): BenchShape[] {
  return text.split(',').map((part) => {
    const [nSym = 0, nSc = 0] = part.split('x').map(Number);
    if (
      !Number.isInteger(nSym) ||
      nSym < 1 ||
      nSym > 14 ||
      !Number.isInteger(nSc) ||
      nSc < 12 ||
      nSc % 12 !== 0
    )
      throw new InvalidArgumentError('expected <symbols>x<subcarriers>, for example 14x96,14x48.');
    return { nSym, nSc };
  });
}

function name(text: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text))
    throw new InvalidArgumentError('expected lower-case words joined by dashes.');
  return text;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description(
      'Measure the service against the bare runtime, batching, latency, health under load, the training step and ' +
        'the LDPC decoder; ' +
        'the last line of the output is one JSON object',
    )
    .addOption(
      new Option('--models-dir <dir>', 'folder that holds <name>/<version>/model.onnx').default(
        join(PACKAGE, 'models'),
        'the shipped models',
      ),
    )
    .option('--model <name>', 'model to measure, highest version', 'spikingrx-qpsk-2rx')
    .addOption(
      new Option('--workers <n>', 'worker threads of the service and of the bare runtime')
        .argParser(positiveInteger)
        .default(availableCores(), 'one a core'),
    )
    .option('--batch <n>', 'most grids in a batch', positiveInteger, 16)
    .option('--grids-per-message <n>', 'grids in a message of the saturating clients', positiveInteger, 16)
    .option('--in-flight <n>', 'grids the saturating clients keep unanswered', positiveInteger, 128)
    .option('--repeats <n>', 'interleaved repeats; figures are medians over them', positiveInteger, 5)
    .option('--seconds <n>', 'measured time of one repeat of one thing', positiveNumber, 3)
    .addOption(
      new Option('--shapes <list>', 'grid shapes <symbols>x<subcarriers>')
        .argParser(shapeList)
        .default(shapeList('14x96,14x48'), '14x96,14x48'),
    )
    .option('--seed <n>', 'seed of slots and arrivals', positiveInteger, 1)
    .option('--quick', 'check that everything runs; the figures mean nothing', false)
    .option('--record <what>', 'keep the result as bench/results/<date>-<what>.json', name)
    .action(bench);
}

async function bench(flags: BenchFlags): Promise<void> {
  // Exiting, unlike dying of the signal, takes the measured processes along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(EXIT_CODES.interrupted));
  const result = await runBench(benchOptions(flags), new Date());
  console.log(formatBench(result));
  if (flags.record !== undefined)
    console.error(`recorded: ${recordResult(result, flags.record, join(PACKAGE, 'bench'))}`);
  console.log(JSON.stringify(result));
}

function benchOptions(flags: BenchFlags): BenchOptions {
  const { quick, record: _record, ...options } = flags;
  const full: BenchOptions = {
    ...options,
    version: highestVersion(flags.modelsDir, flags.model),
    trainingBatch: 32,
    trainingSteps: 5,
    onProgress: (text) => console.error(`bench: ${text} …`),
  };
  if (!quick) return full;
  const shapes = full.shapes.slice(-1);
  return { ...full, shapes, repeats: 1, seconds: 0.3, trainingBatch: 2, trainingSteps: 1 };
}

/** @throws NOT_FOUND when there is no such model */
function highestVersion(modelsDir: string, model: string): string {
  const folder = join(modelsDir, model);
  const entries = existsSync(folder) ? readdirSync(folder) : [];
  const versions = entries.filter((entry) => /^\d+$/.test(entry));
  const [highest] = versions.toSorted((a, b) => Number(b) - Number(a));
  if (highest === undefined)
    throw new SpikingRxError('NOT_FOUND', `--model: no model '${model}' with a version in ${modelsDir}`);
  return highest;
}
