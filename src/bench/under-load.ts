import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadFigures } from './load.js';
import type { BenchOptions, BenchShape } from './options.js';
import type { Rig } from './rig.js';
import type { ServiceProcess } from './service-process.js';
import { median, quantile } from './statistics.js';

function rates(figures: readonly LoadFigures[]): number[] {
  return figures.map(({ gridsPerSecond }) => gridsPerSecond);
}

export interface BatchingFigures {
  /** Grids a second from single-grid messages, with batches and with batches of one. */
  readonly batchedGridsPerSecond: number;
  readonly unbatchedGridsPerSecond: number;
  /** Median of the ratios within each repeat. */
  readonly gain: number;
  readonly meanBatch: number;
}

/** Dynamic batching against batch 1: the same clients, one grid a message over a gRPC stream. */
export async function measureBatching(
  rig: Rig,
  options: BenchOptions,
  shape: BenchShape,
): Promise<BatchingFigures> {
  const batched: LoadFigures[] = [];
  const unbatched: LoadFigures[] = [];
  for (let i = 0; i < options.repeats; i++) {
    options.onProgress(`batching, repeat ${i + 1} of ${options.repeats}`);
    const load = { kind: 'grpc', shape, gridsPerMessage: 1 } as const;
    batched.push(await rig.saturate({ ...load, service: rig.service }));
    unbatched.push(await rig.saturate({ ...load, service: rig.unbatched }));
  }
  return {
    batchedGridsPerSecond: median(rates(batched)),
    unbatchedGridsPerSecond: median(rates(unbatched)),
    gain: median(rates(batched).map((rate, i) => rate / (rates(unbatched)[i] as number))),
    meanBatch: median(batched.map(({ meanBatch }) => meanBatch)),
  };
}

export interface LatencyFigures {
  /** Mean rate of the Poisson arrivals: 70 % of the highest load of single-grid messages. */
  readonly offeredGridsPerSecond: number;
  readonly servedGridsPerSecond: number;
  readonly meanBatch: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** One full batch on one thread of the bare runtime while all are busy. */
  readonly batchComputeMs: number;
  readonly p99ToBatchCompute: number;
}

export const LATENCY_LOAD = 0.7;

/** Latency from the arrival of a grid at a client to its decoded LLRs, at 70 % of the highest load. */
export async function measureLatency(
  rig: Rig,
  options: BenchOptions,
  at: { readonly shape: BenchShape; readonly highestGridsPerSecond: number; readonly batchComputeMs: number },
): Promise<LatencyFigures> {
  options.onProgress('latency at 70 % of the highest load');
  const offered = LATENCY_LOAD * at.highestGridsPerSecond;
  const seconds = options.seconds * options.repeats;
  const figures = await rig.poisson(at.shape, {
    gridsPerSecond: offered,
    warmUpSeconds: Math.min(1, options.seconds),
    seconds,
  });
  return {
    offeredGridsPerSecond: offered,
    servedGridsPerSecond: figures.gridsPerSecond,
    meanBatch: figures.meanBatch,
    p50Ms: figures.p50Ms,
    p99Ms: figures.p99Ms,
    batchComputeMs: at.batchComputeMs,
    p99ToBatchCompute: figures.p99Ms / at.batchComputeMs,
  };
}

export interface ProbeFigures {
  readonly requests: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ResponsivenessFigures {
  readonly healthz: ProbeFigures;
  readonly metrics: ProbeFigures;
}

const PROBE_PERIOD_MS = 20;

/** Response times of `/healthz` and `/metrics` while a gRPC stream saturates the service. */
export async function measureResponsiveness(
  rig: Rig,
  options: BenchOptions,
  shape: BenchShape,
): Promise<ResponsivenessFigures> {
  options.onProgress('health and metrics under load');
  const { gridsPerMessage, repeats } = options;
  const seconds = options.seconds * repeats;
  const load = { service: rig.service, kind: 'grpc', shape, gridsPerMessage, seconds } as const;
  let saturated = true;
  const traffic = rig.saturate(load).finally(() => {
    saturated = false;
  });
  const probes = Promise.all([
    probe(rig.service, '/healthz', () => saturated),
    probe(rig.service, '/metrics', () => saturated),
  ]);
  await traffic;
  const [healthz, metrics] = await probes;
  return { healthz, metrics };
}

async function probe(service: ServiceProcess, path: string, goOn: () => boolean): Promise<ProbeFigures> {
  const times: number[] = [];
  await fetch(`${service.baseUrl}${path}`).then(async (response) => response.text()); // opens the connection
  while (goOn()) {
    const start = performance.now();
    const response = await fetch(`${service.baseUrl}${path}`);
    await response.text();
    times.push(performance.now() - start);
    if (!response.ok) throw new Error(`${path} answered ${response.status} under load`);
    await sleep(PROBE_PERIOD_MS);
  }
  return { requests: times.length, p99Ms: quantile(times, 0.99), maxMs: quantile(times, 1) };
}
