import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { GrpcLlrClient, type GrpcClientOptions } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { onInterrupt } from '../interrupt.js';
import { PACES, type PaceOptions } from '../replay/pace.js';
import { captureFiles, readCaptures } from '../replay/read.js';
import { replay } from '../replay/run.js';
import { isFaithful, replayText } from '../replay/tally.js';
import { EXIT_CODES } from './exit-codes.js';
import { positiveInteger, positiveNumber } from './options.js';

interface ReplayFlags {
  readonly target: string;
  readonly pace: PaceOptions['pace'];
  readonly speed: number;
  readonly period: number;
  readonly window: number;
  readonly tolerance: number;
  readonly model?: string;
  readonly modelVersion?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly json: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Send captured grids to a service again, on one gRPC stream, and compare the LLRs with those captured. ' +
        'Ends with 1 when one of them differs or fails',
    )
    .argument('<captures...>', 'files that end in .capture, or folders of them (captureDir of a service)')
    .option('--target <host:port>', 'gRPC port of the service', '127.0.0.1:8001')
    .addOption(
      new Option(
        '--pace <pace>',
        'original: as the grids came; periodic: one each period; max: as fast as the window allows',
      )
        .choices(PACES)
        .default('original'),
    )
    .option('--speed <factor>', 'with --pace original: so many times as fast', positiveNumber, 1)
    .option('--period <us>', 'with --pace periodic: microseconds from grid to grid', positiveNumber, 500)
    .option(
      '--window <n>',
      'most grids sent and not answered; grids due then are sent late',
      positiveInteger,
      64,
    )
    .option(
      '--tolerance <llr>',
      'largest difference of two LLRs that is taken, without the scale of the answer',
      tolerance,
      0,
    )
    .option('--model <name>', 'model to ask instead of the captured one')
    .option(
      '--model-version <version>',
      'version to ask instead of the captured one (with --model: its default)',
    )
    .option('--token-file <path>', 'file that holds an API key or token for the service')
    .option('--tls-ca <path>', 'speak TLS, and trust the certificates in this file, in PEM')
    .option('--json', 'print the report as JSON', false)
    .action(run);
}

function tolerance(text: string): number {
  return text.trim() === '0' ? 0 : positiveNumber(text);
}

function clientOptions({ target, tokenFile, tlsCa }: ReplayFlags): GrpcClientOptions {
  return {
    target,
    ...(tokenFile !== undefined && { token: readFileSync(tokenFile, 'utf8').trim() }),
    ...(tlsCa !== undefined && { tls: { ca: readFileSync(tlsCa) } }),
  };
}

function onTruncated(path: string, bytes: number): void {
  console.error(`${path}: ends within a record; its last ${bytes} bytes are left out`);
}

async function run(paths: readonly string[], flags: ReplayFlags): Promise<void> {
  const stop = new AbortController();
  onInterrupt(() => stop.abort(new SpikingRxError('CANCELLED', 'interrupted')));
  const files = await captureFiles(paths);
  const client = new GrpcLlrClient(clientOptions(flags));
  try {
    await client.connect();
    const report = await replay(readCaptures(files, { onTruncated }), {
      client,
      pace: flags.pace,
      speed: flags.speed,
      periodUs: flags.period,
      window: flags.window,
      tolerance: flags.tolerance,
      model: flags.model,
      version: flags.modelVersion,
      signal: stop.signal,
    });
    console.log(flags.json ? JSON.stringify(report, null, 2) : replayText(report));
    if (!isFaithful(report)) process.exitCode = EXIT_CODES.unfinished;
  } finally {
    client.close();
  }
}
