import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SpikingRxError } from '../errors.js';
import { widths } from '../soak/grids.js';
import { CLIENT_KINDS, type ClientKind } from '../soak/load.js';
import type { SoakOptions } from '../soak/options.js';
import { formatSoak, writeSoak } from '../soak/report.js';
import { isSound } from '../soak/result.js';
import { runSoak } from '../soak/run.js';
import { positiveInteger, positiveNumber, wholeNumber } from './options.js';

const RESULTS = fileURLToPath(new URL('../../bench/soak/results', import.meta.url));

interface SoakFlags {
  readonly url?: string;
  readonly target?: string;
  readonly modelsDir?: string;
  readonly workers?: number;
  readonly model?: string;
  readonly duration: number;
  readonly warmUp: number;
  readonly share: number;
  readonly rate?: number;
  readonly calibration: number;
  readonly arrivals: 'poisson' | 'slots';
  readonly numerology: number;
  readonly cells: number;
  readonly jitter: number;
  readonly cellPhase: 'aligned' | 'spread';
  readonly prbs: readonly number[];
  readonly clients: readonly ClientKind[];
  readonly highPriority: number;
  readonly deadline?: number;
  readonly threads: number;
  readonly timeout: number;
  readonly seed: number;
  readonly out: string;
  readonly record?: string;
}

function prbList(text: string): number[] {
  const list = text.split(',').map(Number);
  if (!list.every((prb) => Number.isInteger(prb) && prb >= 1 && prb <= 273))
    throw new InvalidArgumentError('expected whole numbers from 1 to 273, for example 1,24,106.');
  return list;
}

function clientList(text: string): ClientKind[] {
  return text.split(',').map((name) => {
    const kind = CLIENT_KINDS.find((known) => known === name);
    if (!kind) throw new InvalidArgumentError(`expected some of ${CLIENT_KINDS.join(',')}.`);
    return kind;
  });
}

function share(text: string): number {
  const value = positiveNumber(text);
  if (value > 2) throw new InvalidArgumentError('expected a share, for example 0.7.');
  return value;
}

function fraction(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('expected a share from 0 to 1.');
  return value;
}

function numerology(text: string): number {
  const value = wholeNumber(text);
  if (value > 4) throw new InvalidArgumentError('expected 0 to 4.');
  return value;
}

function recordName(text: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(text))
    throw new InvalidArgumentError('expected lower-case words joined by dashes.');
  return text;
}

/** `spikingrx soak` */
export function soakCommand(): Command {
  const command = new Command('soak')
    .description(
      'Load the service for minutes with arrivals that do not wait for answers, from clients of every kind, and ' +
        'account for every grid: latencies, errors, lost answers, memory',
    )
    .option('--url <url>', 'REST address of a service that runs already; with --target')
    .option('--target <host:port>', 'gRPC address of a service that runs already; with --url')
    .option('--models-dir <dir>', 'models of the service that is started (default: the shipped ones)')
    .option(
      '--workers <n>',
      'worker threads of the service that is started (default: one a core)',
      positiveInteger,
    )
    .option('--model <name>', "model to ask for (default: the service's)");
  return withTraffic(withLoad(command)).action(soak);
}

function withLoad(command: Command): Command {
  return command
    .option('--duration <seconds>', 'length of the load', positiveNumber, 300)
    .option('--warm-up <seconds>', 'the same load before the count begins', positiveNumber, 5)
    .option('--share <s>', 'rate of the arrivals, as a share of the highest load', share, 0.7)
    .option('--rate <n>', 'rate of the arrivals in grids/s, instead of --share', positiveNumber)
    .option(
      '--calibration <seconds>',
      'length of each of the four steps that look for the highest load',
      positiveNumber,
      4,
    )
    .addOption(
      new Option('--arrivals <kind>', 'independent arrivals, or those of cells in slots')
        .choices(['poisson', 'slots'])
        .default('poisson'),
    )
    .option('--numerology <µ>', 'of slots: a slot takes 1 ms / 2^µ', numerology, 1)
    .option('--cells <n>', 'of slots: cells that send', positiveInteger, 4)
    .option('--jitter <ms>', 'of slots: grids come up to so much later', wholeOrFraction, 0.1)
    .addOption(
      new Option('--cell-phase <p>', 'of slots: all cells at once, or each at a time of its own')
        .choices(['aligned', 'spread'])
        .default('aligned'),
    );
}

function withTraffic(command: Command): Command {
  return command
    .option('--prbs <list>', 'widths of the grids in resource blocks', prbList, widths(273))
    .addOption(
      new Option('--clients <list>', 'kinds of clients, each as often')
        .argParser(clientList)
        .default([...CLIENT_KINDS], CLIENT_KINDS.join(',')),
    )
    .option('--high-priority <share>', 'share of the grids that are of high priority', fraction, 0.2)
    .option(
      '--deadline <ms>',
      'LLRs are of use for so long after the service has read the grid',
      positiveNumber,
    )
    .option('--threads <n>', 'threads that play clients', positiveInteger, 1)
    .option('--timeout <ms>', 'longest wait for an answer', positiveInteger, 10_000)
    .option('--seed <n>', 'seed of grids, arrivals and choices', positiveInteger, 1)
    .option('--out <dir>', 'folder of the report', 'runs/soak')
    .option('--record <what>', 'keep the report as bench/soak/results/<date>-<what>', recordName);
}

function wholeOrFraction(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1000)) throw new InvalidArgumentError('expected a number from 0 to 1000.');
  return value;
}

async function soak(flags: SoakFlags): Promise<void> {
  // Exiting, unlike dying of the signal, takes the service along.
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  const now = new Date();
  const result = await runSoak(soakOptions(flags), now);
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(formatSoak(result));
  const day = now.toISOString().slice(0, 10);
  const [directory, name] =
    flags.record === undefined ? [flags.out, 'soak'] : [RESULTS, `${day}-${flags.record}`];
  const [, page] = writeSoak(result, directory, name);
  console.log(`\nreport: ${page ?? directory}`);
  if (!isSound(result)) process.exitCode = 1;
}

function soakOptions(flags: SoakFlags): SoakOptions {
  const { url, target, numerology: µ, cells, jitter, cellPhase } = flags;
  if ((url === undefined) !== (target === undefined))
    throw new SpikingRxError('INVALID_ARGUMENT', '--url and --target go together');
  return {
    service: url === undefined || target === undefined ? undefined : { baseUrl: url, target },
    serviceFlags: [
      ...(flags.modelsDir === undefined ? [] : ['--models-dir', flags.modelsDir]),
      ...(flags.workers === undefined ? [] : ['--workers', String(flags.workers)]),
    ],
    model: flags.model,
    seconds: flags.duration,
    warmUpSeconds: flags.warmUp,
    load: flags.rate === undefined ? { share: flags.share } : { gridsPerSecond: flags.rate },
    calibrationSeconds: flags.calibration,
    slots:
      flags.arrivals === 'slots' ? { numerology: µ, cells, jitterMs: jitter, phase: cellPhase } : undefined,
    prbs: flags.prbs,
    clients: flags.clients,
    highPriority: flags.highPriority,
    deadlineMs: flags.deadline,
    threads: flags.threads,
    timeoutMs: flags.timeout,
    seed: flags.seed,
    onProgress: progressLine(),
  };
}

/** One line that is written over on a terminal; one in ten seconds elsewhere. */
function progressLine(): (text: string) => void {
  if (process.stderr.isTTY) return (text) => void process.stderr.write(`\r\u001B[2Ksoak: ${text}`);
  let lastMs = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (performance.now() - lastMs < 10_000) return;
    lastMs = performance.now();
    console.error(`soak: ${text}`);
  };
}
