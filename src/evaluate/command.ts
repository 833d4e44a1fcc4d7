/** What `spikingrx evaluate` does once its flags are read. */
import { onInterrupt } from '../interrupt.js';
import { formatCsv } from './csv.js';
import { evaluateReceivers, inOrder } from './evaluate.js';
import { formatCodedMarkdown, formatMarkdown } from './markdown.js';
import type { EvaluationPoint } from './point.js';
import { pointLine, progressPrinter } from './progress.js';
import { type EvaluationFlags, type EvaluationSettings, evaluationSettings } from './settings.js';
import { EvaluationStore } from './store.js';
import { workerRunner } from './worker-runner.js';

export interface CommandFlags extends EvaluationFlags {
  readonly workers: number;
  readonly format: 'markdown' | 'json' | 'csv';
  readonly out?: string;
}

/** @returns whether a signal ended it before all points were there. */
export async function runEvaluation(flags: CommandFlags): Promise<boolean> {
  const settings = await evaluationSettings(flags);
  const store = flags.out === undefined ? undefined : EvaluationStore.open(flags.out, settings.fingerprint);
  console.error(`${settings.caption}; SNR: received signal energy per RE and antenna over N0`);
  const stop = new AbortController();
  onInterrupt(() => stop.abort());
  const points = await compute(settings, flags.workers, store, stop.signal);
  for (const path of store?.publish(points, settings.caption) ?? []) console.error(`written: ${path}`);
  console.log(formatted(points, flags, settings.caption));
  const interrupted = stop.signal.aborted;
  if (interrupted) console.error(store ? 'interrupted: run the same command again to go on' : 'interrupted');
  return interrupted;
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

function formatted(points: readonly EvaluationPoint[], flags: CommandFlags, caption: string): string {
  if (flags.format === 'json') return JSON.stringify(points, null, 2);
  if (flags.format === 'csv') return formatCsv(points).trimEnd();
  return flags.uncoded ? formatMarkdown(points) : `${caption}\n\n${formatCodedMarkdown(points)}`;
}
