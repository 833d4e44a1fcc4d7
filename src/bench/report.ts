import type { BenchResult } from './run.js';

/** One line of the table; `aim` says what the project wants, where it wants something. */
interface Line {
  readonly what: string;
  readonly value: string;
  readonly aim?: string;
}

function rate(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

function throughputLines({ throughput }: BenchResult): Line[] {
  return throughput.flatMap((t) => [
    { what: `bare runtime, ${t.shape}`, value: `${rate(t.rawGridsPerSecond)} grids/s` },
    { what: `gRPC stream, ${t.shape}`, value: `${rate(t.grpcGridsPerSecond)} grids/s` },
    { what: '  against the bare runtime', value: t.grpcToRaw.toFixed(3), aim: '≥ 0.9' },
    { what: `REST octet-stream, ${t.shape}`, value: `${rate(t.restGridsPerSecond)} grids/s` },
    { what: '  against the bare runtime', value: t.restToRaw.toFixed(3), aim: '≥ 0.8' },
  ]);
}

function loadLines({ batching, latency, responsiveness, underLoadShape }: BenchResult): Line[] {
  const { healthz, metrics } = responsiveness;
  return [
    {
      what: `single-grid messages, ${underLoadShape}`,
      value: `${rate(batching.batchedGridsPerSecond)} grids/s`,
    },
    { what: '  against batches of one', value: `${batching.gain.toFixed(2)} ×` },
    {
      what: `latency p50 / p99 at ${rate(latency.offeredGridsPerSecond)} grids/s`,
      value: `${latency.p50Ms.toFixed(2)} / ${latency.p99Ms.toFixed(2)} ms`,
    },
    { what: '  p99 against the compute time of a batch', value: `${latency.p99ToBatchCompute.toFixed(2)} ×` },
    {
      what: '/healthz p99 / max while saturated',
      value: `${healthz.p99Ms.toFixed(1)} / ${healthz.maxMs.toFixed(1)} ms`,
      aim: '< 50 ms',
    },
    {
      what: '/metrics p99 / max while saturated',
      value: `${metrics.p99Ms.toFixed(1)} / ${metrics.maxMs.toFixed(1)} ms`,
      aim: '< 50 ms',
    },
  ];
}

function computeLines({ session, training, decoding }: BenchResult): Line[] {
  return [
    ...session.map(({ shape, batch, msPerGrid }) => ({
      what: `one thread, ${shape}, batch ${batch}`,
      value: `${msPerGrid.toFixed(3)} ms/grid`,
    })),
    {
      what: `training step, ${training.batch} slots of ${training.shape}`,
      value: `${training.stepMs.toFixed(0)} ms, ${rate(training.gflopsPerSecond)} GFLOP/s`,
    },
    ...decoding.flatMap(({ baseGraph, bits, iterations, blocksPerSecond, mbitPerSecond, toReference }) => [
      {
        what: `LDPC, graph ${baseGraph}, ${bits} bits, ${iterations} iterations`,
        value: `${rate(blocksPerSecond)} blocks/s, ${mbitPerSecond.toFixed(2)} Mbit/s`,
      },
      { what: '  against a textbook decoder', value: `${toReference.toFixed(1)} ×` },
    ]),
  ];
}

/** The result as a table for people. */
export function formatBench(result: BenchResult): string {
  const { machine, setup } = result;
  const lines = [...throughputLines(result), ...loadLines(result), ...computeLines(result)];
  const width = Math.max(...lines.map(({ what }) => what.length)) + 2;
  const valueWidth = Math.max(...lines.map(({ value }) => value.length)) + 2;
  return [
    `${setup.model} version ${setup.version}; ${machine.cores} cores (${machine.cpuFlags.join(' ')}), ` +
      `${setup.workers} workers, batch ${setup.batch}, ${setup.gridsPerMessage} grids a message, ` +
      `median of ${setup.repeats}`,
    '',
    ...lines.map(({ what, value, aim }) =>
      `${what.padEnd(width)}${value.padEnd(valueWidth)}${aim === undefined ? '' : `aim ${aim}`}`.trimEnd(),
    ),
  ].join('\n');
}
