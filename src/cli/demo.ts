import { Command, InvalidArgumentError } from 'commander';
import type { ServiceProcess } from '../bench/service-process.js';
import { runDemo } from '../demo/run.js';
import { SpikingRxError } from '../errors.js';
import { onInterrupt } from '../interrupt.js';
import { EXIT_CODES } from './exit-codes.js';
import { positiveInteger, positiveNumber } from './options.js';

interface DemoFlags {
  readonly duration: number;
  readonly snr: number;
  readonly slots: number;
  readonly seed: number;
  readonly inFlight: number;
  readonly model?: string;
  readonly modelsDir?: string;
  readonly workers?: number;
  readonly serve: boolean;
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Start the service, stream simulated 5G slots to it over REST and over gRPC, and show rates, latencies ' +
        'and bit error rates beside LS + LMMSE and perfect channel knowledge',
    )
    .option('--duration <seconds>', 'traffic over each transport', positiveNumber, 6)
    .option('--snr <dB>', 'received signal energy per RE and antenna over N0', finiteNumber, 4)
    .option('--slots <n>', 'distinct slots to simulate', positiveInteger, 1024)
    .option('--seed <n>', 'seed of the slots', positiveInteger, 1)
    .option('--in-flight <n>', 'slots sent and not yet answered', positiveInteger, 32)
    .option(
      '--model <name>',
      "model to ask for (default: the service's default, or the first for QPSK on 2 antennas)",
    )
    .option(
      '--models-dir <dir>',
      'folder that holds <name>/<version>/model.onnx (default: the shipped models)',
    )
    .option('--workers <n>', 'worker threads of the service (default: one a core)', positiveInteger)
    .option('--serve', 'keep the service up afterwards, until SIGINT or SIGTERM', false)
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const stop = new AbortController();
  onInterrupt(() => stop.abort(new SpikingRxError('CANCELLED', 'interrupted')));
  const outcome = await runDemo(
    {
      durationSeconds: flags.duration,
      snrDb: flags.snr,
      slots: flags.slots,
      seed: flags.seed,
      inFlight: flags.inFlight,
      model: flags.model,
      serviceFlags: serviceFlags(flags),
      screen: process.stdout,
      signal: stop.signal,
    },
    flags.serve ? async (service) => keepServing(service, stop.signal) : undefined,
  );
  if (outcome.failures > 0) process.exitCode = EXIT_CODES.unfinished;
}

function serviceFlags({ modelsDir, workers }: DemoFlags): string[] {
  return [
    ...(modelsDir === undefined ? [] : ['--models-dir', modelsDir]),
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
  ];
}

async function keepServing(service: ServiceProcess, signal: AbortSignal): Promise<void> {
  console.log(`\nServing: REST ${service.baseUrl} (API: ${service.baseUrl}/docs), gRPC ${service.target}.`);
  console.log('Press Ctrl+C to stop.');
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
