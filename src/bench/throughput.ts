import { shapeName, type BenchOptions, type BenchShape } from './options.js';
import type { RawFigures } from './raw.js';
import type { LoadFigures } from './load.js';
import type { Rig } from './rig.js';
import { median } from './statistics.js';

/** The service against the bare runtime, at one grid shape; medians over interleaved repeats. */
export interface ThroughputFigures {
  readonly shape: string;
  readonly rawGridsPerSecond: number;
  /** Time of one batch on one thread of the bare runtime while all are busy. */
  readonly rawBatchMs: number;
  readonly grpcGridsPerSecond: number;
  readonly restGridsPerSecond: number;
  /** Medians of the ratios within each repeat, not ratios of the medians. */
  readonly grpcToRaw: number;
  readonly restToRaw: number;
  readonly grpcMeanBatch: number;
  readonly restMeanBatch: number;
  readonly failures: number;
}

interface Repeat {
  readonly raw: RawFigures;
  readonly grpc: LoadFigures;
  readonly rest: LoadFigures;
}

/** Measures bare runtime, gRPC stream and REST one after the other, several times. */
export async function measureThroughput(
  rig: Rig,
  options: BenchOptions,
  shape: BenchShape,
): Promise<ThroughputFigures> {
  const repeats: Repeat[] = [];
  for (let i = 0; i < options.repeats; i++) {
    options.onProgress(`throughput at ${shapeName(shape)}, repeat ${i + 1} of ${options.repeats}`);
    const raw = await rig.raw.measure({
      shape,
      batch: options.batch,
      seconds: options.seconds,
      warmUpRuns: 2,
    });
    const { gridsPerMessage } = options;
    const grpc = await rig.saturate({ service: rig.service, kind: 'grpc', shape, gridsPerMessage });
    const rest = await rig.saturate({ service: rig.service, kind: 'rest', shape, gridsPerMessage });
    repeats.push({ raw, grpc, rest });
  }
  return summarise(shape, repeats);
}

function summarise(shape: BenchShape, repeats: readonly Repeat[]): ThroughputFigures {
  const middle = (value: (repeat: Repeat) => number): number => median(repeats.map(value));
  return {
    shape: shapeName(shape),
    rawGridsPerSecond: middle(({ raw }) => raw.gridsPerSecond),
    rawBatchMs: middle(({ raw }) => raw.batchMs),
    grpcGridsPerSecond: middle(({ grpc }) => grpc.gridsPerSecond),
    restGridsPerSecond: middle(({ rest }) => rest.gridsPerSecond),
    grpcToRaw: middle(({ grpc, raw }) => grpc.gridsPerSecond / raw.gridsPerSecond),
    restToRaw: middle(({ rest, raw }) => rest.gridsPerSecond / raw.gridsPerSecond),
    grpcMeanBatch: middle(({ grpc }) => grpc.meanBatch),
    restMeanBatch: middle(({ rest }) => rest.meanBatch),
    failures: repeats.reduce((sum, { grpc, rest }) => sum + grpc.failures + rest.failures, 0),
  };
}
