import { Command, Option } from 'commander';
import { availableCores } from '../engine/cores.js';
import { formatCsv } from '../evaluate/csv.js';
import { evaluateReceivers, inOrder } from '../evaluate/evaluate.js';
import { formatCodedMarkdown, formatMarkdown } from '../evaluate/markdown.js';
import type { EvaluationPoint } from '../evaluate/point.js';
import { pointLine, progressPrinter } from '../evaluate/progress.js';
import { type EvaluationFlags, type EvaluationSettings, evaluationSettings } from '../evaluate/settings.js';
import { EvaluationStore } from '../evaluate/store.js';
import { workerRunner } from '../evaluate/worker-runner.js';
import { MODULATIONS } from '../nr/qam.js';
import { positiveInteger } from './options.js';

interface Flags extends EvaluationFlags {
  readonly workers: number;
  readonly format: 'markdown' | 'json' | 'csv';
  readonly out?: string;
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text];

export function evaluateCommand(): Command {
  return receiverOptions(new Command('evaluate'))
    .description('BLER, BER and GMI over SNR on held-out slots, for any receivers side by side')
    .option('--snr <list>', 'SNRs in dB', '-4,-2,0,2,4,6,8,10,12,14,16')
    .option('--slots <n>', 'most slots for each point', '2000')
    .option('--block-errors <n>', 'end a point when every receiver has so many block errors', '100')
    .option('--mcs <index>', 'MCS of the transport blocks (default: code rate nearest to 1/2)')
    .option('--mcs-table <n>', 'table of --mcs, TS 38.214 §5.1.3.1: 1, 2 or 3', '1')
    .option('--uncoded', 'random bits, no LDPC: bit error rates only', false)
    .option('--case <name>', 'one case of this name with all that the scenario draws, in place of the split')
    .option('--profiles <list>', 'channel profiles drawn: TDL-A … TDL-C300; or awgn, or rayleigh')
    .option('--doppler <lo,hi>', 'maximum Doppler shift in Hz')
    .option('--delay-spread <lo,hi>', 'RMS delay spread in ns')
    .option('--dmrs <list>', 'symbols with DMRS, for example 2,11; again for another set', collect, [])
    .option('--cdm-groups <list>', 'CDM groups without data drawn: 1, 2 or 1,2')
    .option('--prb <list>', 'resource blocks drawn')
    .option('--seed <n>', 'seed of the held-out slots', '1')
    .option('--workers <n>', 'threads; the figures do not depend on it', positiveInteger, availableCores())
    .addOption(
      new Option('--format <name>', 'standard output')
        .choices(['markdown', 'json', 'csv'])
        .default('markdown'),
    )
    .option('--out <dir>', 'keep finished points there, go on with them, and write JSON, CSV and SVG curves')
    .action(evaluate);
}

function receiverOptions(command: Command): Command {
  return command
    .option('--model <[name=]file>', 'a model.onnx; again for further models', collect, [])
    .option('--service <host:port[/model]>', 'a running service, over gRPC; again for more', collect, [])
    .option(
      '--receivers <list>',
      'conventional receivers beside: ls-lmmse, perfect-csi, or none',
      'ls-lmmse,perfect-csi',
    )
    .option('--modulation <name>', `${MODULATIONS.join(', ')} (default: what the models are for, or QPSK)`)
    .option('--rx <n>', 'receive antennas (default: what the models are for, or 2)');
}

async function evaluate(flags: Flags): Promise<void> {
  const settings = await evaluationSettings(flags);
  const store = flags.out === undefined ? undefined : EvaluationStore.open(flags.out, settings.fingerprint);
  console.error(`${settings.caption}; SNR: received signal energy per RE and antenna over N0`);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const points = await compute(settings, flags.workers, store, stop.signal);
  for (const path of store?.publish(points, settings.caption) ?? []) console.error(`written: ${path}`);
  console.log(formatted(points, flags, settings.caption));
  if (!stop.signal.aborted) return;
  console.error(store ? 'interrupted: run the same command again to go on' : 'interrupted');
  process.exitCode = 130;
}

async function compute(
  settings: EvaluationSettings,
  workers: number,
  store: EvaluationStore | undefined,
  signal: AbortSignal,
): Promise<EvaluationPoint[]> {
  const kept = store?.points ?? [];
  if (kept.length > 0) console.error(`${kept.length} points are there already`);
  const runner = await workerRunner(settings.receivers, workers);
  try {
    return await evaluateReceivers({
      ...settings,
      runner,
      signal,
      kept: inOrder(kept, settings.cases),
      onPoint: (point) => {
        store?.add(point);
        console.error(pointLine(point));
      },
      onProgress: progressPrinter((line) => console.error(line)),
    });
  } finally {
    await runner.close();
  }
}

function formatted(points: readonly EvaluationPoint[], flags: Flags, caption: string): string {
  if (flags.format === 'json') return JSON.stringify(points, null, 2);
  if (flags.format === 'csv') return formatCsv(points).trimEnd();
  return flags.uncoded ? formatMarkdown(points) : `${caption}\n\n${formatCodedMarkdown(points)}`;
}
