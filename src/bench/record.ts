import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchResult } from './run.js';

/** One row of the table in `bench/README.md`. */
export function historyRow(result: BenchResult, file: string): string {
  const { throughput, batching, latency, responsiveness, training, machine } = result;
  const ratios = throughput.map((t) => `${t.shape}: ${t.grpcToRaw.toFixed(2)} / ${t.restToRaw.toFixed(2)}`);
  const slowest = Math.max(responsiveness.healthz.maxMs, responsiveness.metrics.maxMs);
  const cells = [
    `[${file}](results/${file})`,
    `${machine.cores} cores, ${machine.cpuFlags.at(-1) ?? 'no vector flags known'}`,
    ratios.join('; '),
    batching.gain.toFixed(2),
    `${latency.p99Ms.toFixed(1)} ms, ${latency.p99ToBatchCompute.toFixed(2)} ×`,
    `${slowest.toFixed(0)} ms`,
    training.gflopsPerSecond.toFixed(0),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/**
 * Keeps a result: `<dir>/results/<date>-<what>.json` and a row at the end of `<dir>/README.md`.
 * @param what lower-case words joined by dashes
 * @returns the path of the JSON file
 */
export function recordResult(result: BenchResult, what: string, directory: string): string {
  const file = `${result.date.slice(0, 10)}-${what}.json`;
  const results = join(directory, 'results');
  mkdirSync(results, { recursive: true });
  const path = join(results, file);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  appendFileSync(join(directory, 'README.md'), historyRow(result, file));
  return path;
}
