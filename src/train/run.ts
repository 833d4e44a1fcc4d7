import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { invalid } from '../errors.js';
import type { SessionOptions } from '../engine/session.js';
import {
  type Checkpoint,
  type WarmStart,
  initialCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
  warmCheckpoint,
} from './checkpoint.js';
import type { TrainConfig } from './config.js';
import { firingLayerNames } from './step-graph.js';
import { type StepReport, Trainer } from './trainer.js';

export interface TrainingRun {
  readonly config: TrainConfig;
  /** Folder that `startFrom` is relative to: that of the configuration's file. */
  readonly configDirectory: string;
  /** Where `checkpoint.bin` and `log.csv` live. A checkpoint found there is resumed. */
  readonly directory: string;
  readonly runtime: SessionOptions;
  /** Stop when this many steps are done in all, before the schedule ends. */
  readonly stopAt?: number;
  readonly checkpointSeconds: number;
  /** Steps whose mean makes one line of the log. */
  readonly logEvery: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TrainingProgress) => void;
  /** What a run that starts from another's checkpoint took from it. */
  readonly onWarmStart?: (start: WarmStart) => void;
}

/** Means over the steps since the last report. */
export interface TrainingProgress extends StepReport {
  readonly totalSteps: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

export function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.bin');
}

export function logPath(directory: string): string {
  return join(directory, 'log.csv');
}

/** The start of a run without a checkpoint of its own. */
function firstStart({ config, configDirectory, onWarmStart }: TrainingRun): Checkpoint {
  if (config.startFrom === undefined) return initialCheckpoint(config);
  const start = warmCheckpoint(config, loadCheckpoint(resolve(configDirectory, config.startFrom)));
  onWarmStart?.(start);
  return start.checkpoint;
}

/** The checkpoint to go on from: the one in the directory, or a first start. */
function startOf(run: TrainingRun): Checkpoint {
  const { config, directory } = run;
  const path = checkpointPath(directory);
  if (!existsSync(path)) return firstStart(run);
  const found = loadCheckpoint(path);
  if (!isDeepStrictEqual(found.config, config))
    throw invalid(
      path,
      'a checkpoint of this configuration',
      'one of another: choose another --out, or remove it',
    );
  return found;
}

/** Keeps the whole lines up to the checkpoint's step: what came after it is run again, a cut line with it. */
function openLog(directory: string, config: TrainConfig, step: number): void {
  const rates = firingLayerNames(config.network).map((name) => `firing_rate_${name}`);
  const header = ['step', 'loss', 'bit_error_rate', 'gradient_norm', 'learning_rate', ...rates];
  const path = logPath(directory);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const kept = text
    .split('\n')
    .slice(1, -1)
    .map((line) => line.split(','))
    .filter((values) => values.length === header.length && Number(values[0]) <= step);
  writeFileSync(path, `${[header, ...kept].map((values) => values.join(',')).join('\n')}\n`);
}

function logLine(report: StepReport): string {
  const numbers = [
    report.loss,
    report.bitErrorRate,
    report.gradientNorm,
    report.learningRate,
    ...report.firingRates,
  ];
  return `${report.step},${numbers.map((x) => x.toPrecision(6)).join(',')}\n`;
}

function meanReport(reports: readonly StepReport[]): StepReport {
  const last = reports.at(-1) as StepReport;
  const mean = (value: (report: StepReport) => number): number =>
    reports.reduce((sum, report) => sum + value(report), 0) / reports.length;
  return {
    ...last,
    loss: mean((r) => r.loss),
    bitErrorRate: mean((r) => r.bitErrorRate),
    gradientNorm: mean((r) => r.gradientNorm),
    firingRates: last.firingRates.map((_, i) => mean((r) => r.firingRates[i] as number)),
  };
}

/**
 * Trains until the schedule, `stopAt` or the signal ends it; checkpoints on the way and at the end.
 * @throws INVALID_ARGUMENT when the directory holds a checkpoint of another configuration.
 */
export async function runTraining(run: TrainingRun): Promise<Checkpoint> {
  const { config, directory } = run;
  mkdirSync(directory, { recursive: true });
  const start = startOf(run);
  const trainer = new Trainer(start, run.runtime);
  const last = Math.min(run.stopAt ?? Number.POSITIVE_INFINITY, config.optimiser.steps);
  openLog(directory, config, start.step);
  const startedAt = performance.now();
  let savedAt = startedAt;
  let pending: StepReport[] = [];
  const report = (): void => {
    if (pending.length === 0) return;
    const mean = meanReport(pending);
    pending = [];
    appendFileSync(logPath(directory), logLine(mean));
    run.onProgress(progressOf(mean, { last, start: start.step, startedAt }));
  };
  try {
    while (trainer.checkpoint.step < last && !run.signal.aborted) {
      pending.push(await trainer.step());
      if (pending.length === run.logEvery) report();
      if (performance.now() - savedAt > run.checkpointSeconds * 1000) {
        saveCheckpoint(checkpointPath(directory), trainer.checkpoint);
        savedAt = performance.now();
      }
      // The step blocks this thread; let signals and timers in between two.
      await setImmediate();
    }
    // A run that goes on from here starts after these steps.
    report();
  } finally {
    saveCheckpoint(checkpointPath(directory), trainer.checkpoint);
    await trainer.release();
  }
  return trainer.checkpoint;
}

function progressOf(
  report: StepReport,
  { last, start, startedAt }: { last: number; start: number; startedAt: number },
): TrainingProgress {
  const stepsPerSecond = ((report.step - start) * 1000) / (performance.now() - startedAt);
  return { ...report, totalSteps: last, stepsPerSecond, secondsLeft: (last - report.step) / stepsPerSecond };
}
