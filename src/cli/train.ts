import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { SpikingRxError } from '../errors.js';
import { onInterrupt } from '../interrupt.js';
import { type TrainConfig, TrainConfigSchema, loadTrainConfig } from '../train/config.js';
import { publishModel } from '../train/publish.js';
import { type TrainingProgress, checkpointPath, logPath, runTraining } from '../train/run.js';
import { EXIT_CODES } from './exit-codes.js';
import { positiveInteger } from './options.js';

interface TrainFlags {
  readonly config?: string;
  readonly printSchema?: boolean;
  readonly out?: string;
  readonly models?: string;
  readonly threads: number;
  readonly provider: 'cpu' | 'cuda';
  readonly stopAt?: number;
  readonly checkpointSeconds: number;
  readonly logEvery: number;
}

export function trainCommand(): Command {
  return new Command('train')
    .description(
      'Train a network; goes on from its checkpoint when there is one, and exports the model at the end',
    )
    .option('--config <file>', 'training configuration (YAML)')
    .option('--print-schema', 'print every key of the configuration, with its default, as JSON Schema')
    .option('--out <dir>', 'folder of checkpoint, log and curve (default: runs/<name>/<version>)')
    .option('--models <dir>', 'write <dir>/<name>/<version>/model.onnx when training is complete')
    .option('--threads <n>', 'threads of the runtime', positiveInteger, 1)
    .addOption(new Option('--provider <name>', 'execution provider').choices(['cpu', 'cuda']).default('cpu'))
    .option('--stop-at <step>', 'stop after this step; a later call goes on', positiveInteger)
    .option('--checkpoint-seconds <n>', 'time between two checkpoints', positiveInteger, 60)
    .option('--log-every <steps>', 'steps whose mean makes a line of the log', positiveInteger, 50)
    .action(train);
}

async function train(flags: TrainFlags): Promise<void> {
  if (flags.printSchema) {
    console.log(JSON.stringify(TrainConfigSchema, null, 2));
    return;
  }
  if (flags.config === undefined)
    throw new SpikingRxError('INVALID_ARGUMENT', 'name a configuration with --config <file>', {
      field: '--config',
    });
  const config = loadTrainConfig(flags.config);
  const directory = flags.out ?? join('runs', config.name, config.version);
  const stop = new AbortController();
  onInterrupt(() => stop.abort());
  const checkpoint = await runTraining({
    config,
    configDirectory: dirname(flags.config),
    directory,
    runtime: { intraOpThreads: flags.threads, provider: flags.provider },
    ...(flags.stopAt === undefined ? {} : { stopAt: flags.stopAt }),
    checkpointSeconds: flags.checkpointSeconds,
    logEvery: flags.logEvery,
    signal: stop.signal,
    onWarmStart: ({ taken, drawn }) =>
      console.error(
        `started from ${config.startFrom}: ${taken.length} tensors taken; drawn: ${drawn.join(', ') || 'none'}`,
      ),
    onProgress: (progress) => console.error(progressLine(progress)),
  });
  console.error(`checkpoint of step ${checkpoint.step}: ${checkpointPath(directory)}`);
  if (checkpoint.step < config.optimiser.steps) {
    console.error('training is not complete: run the same command again to go on');
  } else if (flags.models !== undefined) {
    console.error(`model: ${await publishModel(checkpoint, flags.models)}`);
  }
  // Last: what may be wrong with a figure must not keep a model from its folder.
  await writeCurve(directory, config);
  // As a shell reports a process that a signal ended: scripts can tell it from one that reached its stop.
  if (stop.signal.aborted) process.exitCode = EXIT_CODES.interrupted;
}

async function writeCurve(directory: string, { name, version, network }: TrainConfig): Promise<void> {
  const { parseTrainingLog, renderTrainingCurve } = await import('../train/curve.js');
  const log = parseTrainingLog(readFileSync(logPath(directory), 'utf8'));
  const title = `Training of ${name}, version ${version}`;
  const path = join(directory, 'curve.svg');
  writeFileSync(path, renderTrainingCurve(log, { title, activation: network.activation }));
  console.error(`training curve: ${path}`);
}

function progressLine(p: TrainingProgress): string {
  const firing = p.firingRates.map((rate) => rate.toFixed(3)).join(' ');
  return (
    `step ${p.step}/${p.totalSteps}  loss ${p.loss.toFixed(4)}  BER ${p.bitErrorRate.toFixed(4)}  ` +
    `firing ${firing}  ${p.stepsPerSecond.toFixed(2)} steps/s  ${duration(p.secondsLeft)} left`
  );
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes >= 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${minutes} min ${Math.round(seconds % 60)} s`;
}
