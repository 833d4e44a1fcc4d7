import { type DecodingFigures, measureDecoding } from './decoding.js';
import { measureSession, type SessionFigures } from './session-times.js';
import { describeMachine, type Machine } from './machine.js';
import { shapeName, type BenchOptions, type BenchShape } from './options.js';
import { Rig } from './rig.js';
import { measureThroughput, type ThroughputFigures } from './throughput.js';
import { measureTrainingStep, type TrainingFigures } from './training.js';
import {
  type BatchingFigures,
  type LatencyFigures,
  measureBatching,
  measureLatency,
  measureResponsiveness,
  type ResponsivenessFigures,
} from './under-load.js';

/** Every figure of one run; milliseconds, grids a second and plain ratios. */
export interface BenchResult {
  readonly date: string;
  readonly machine: Machine;
  readonly setup: Pick<
    BenchOptions,
    | 'model'
    | 'version'
    | 'workers'
    | 'batch'
    | 'gridsPerMessage'
    | 'inFlight'
    | 'repeats'
    | 'seconds'
    | 'seed'
  >;
  readonly throughput: readonly ThroughputFigures[];
  /** The following at this shape. */
  readonly underLoadShape: string;
  readonly batching: BatchingFigures;
  readonly latency: LatencyFigures;
  readonly responsiveness: ResponsivenessFigures;
  readonly session: readonly SessionFigures[];
  readonly training: TrainingFigures;
  readonly decoding: readonly DecodingFigures[];
}

/** Runs the whole bench. */
export async function runBench(options: BenchOptions, now: Date): Promise<BenchResult> {
  options.onProgress('starting the services and the bare runtime');
  const rig = await Rig.start(options);
  try {
    const throughput: ThroughputFigures[] = [];
    for (const shape of options.shapes) throughput.push(await measureThroughput(rig, options, shape));
    const underLoad = await measureUnderLoad(rig, options, throughput);
    const session = await measureSession(rig, options);
    const training = await measureTrainingStep(options);
    const decoding = measureDecoding(options);
    const { model, version, workers, batch, gridsPerMessage, inFlight, repeats, seconds, seed } = options;
    return {
      date: now.toISOString(),
      machine: describeMachine(),
      setup: { model, version, workers, batch, gridsPerMessage, inFlight, repeats, seconds, seed },
      throughput,
      ...underLoad,
      session,
      training,
      decoding,
    };
  } finally {
    await rig.close();
  }
}

async function measureUnderLoad(
  rig: Rig,
  options: BenchOptions,
  throughput: readonly ThroughputFigures[],
): Promise<Pick<BenchResult, 'underLoadShape' | 'batching' | 'latency' | 'responsiveness'>> {
  const shape = options.shapes[0] as BenchShape;
  const batching = await measureBatching(rig, options, shape);
  const latency = await measureLatency(rig, options, {
    shape,
    highestGridsPerSecond: batching.batchedGridsPerSecond,
    batchComputeMs: throughput[0]?.rawBatchMs ?? Number.NaN,
  });
  const responsiveness = await measureResponsiveness(rig, options, shape);
  return { underLoadShape: shapeName(shape), batching, latency, responsiveness };
}
