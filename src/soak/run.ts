import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine } from '../bench/machine.js';
import { ServiceProcess } from '../bench/service-process.js';
import { RestLlrClient, type ServedModel } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { type Arrivals, gridsPerSecond, type SlotArrivals } from './arrivals.js';
import type { IntervalReport } from './load.js';
import { LoadThreads } from './load-threads.js';
import type { SoakOptions } from './options.js';
import type { CalibrationStep, SoakResult } from './result.js';
import { Seconds } from './seconds.js';
import { growthMiBPerMinute, ServiceWatch } from './service-watch.js';
import { summary } from './summary.js';

/** Grids kept unanswered in the steps of the calibration. */
const RAMP = [2, 8, 32, 128] as const;

/** Runs the load and says what came of it. @throws SpikingRxError when the service or a client does not start. */
export async function runSoak(options: SoakOptions, date: Date): Promise<SoakResult> {
  const started = options.service ?? (await ServiceProcess.start({ flags: options.serviceFlags }));
  try {
    const model = await modelOf(started.baseUrl, options.model);
    const threads = await LoadThreads.start(
      {
        baseUrl: started.baseUrl,
        target: started.target,
        model: model.name,
        version: model.version,
        nRx: model.nRx,
        prbs: options.prbs,
        clients: options.clients,
        highPriority: options.highPriority,
        deadlineMs: options.deadlineMs,
        timeoutMs: options.timeoutMs,
        seed: options.seed,
      },
      options.threads,
    );
    try {
      return await new Soak({ options, model, threads, baseUrl: started.baseUrl }).run(date);
    } finally {
      await threads.close();
    }
  } finally {
    if (started instanceof ServiceProcess) await started.stop();
  }
}

async function modelOf(baseUrl: string, name: string | undefined): Promise<ServedModel> {
  const client = new RestLlrClient({ baseUrl });
  try {
    const models = await client.models();
    const model = models.find((one) => (name === undefined ? one.isDefault : one.name === name));
    if (!model) throw new SpikingRxError('NOT_FOUND', `no model '${name ?? 'by default'}' is served`);
    return name === undefined ? model : await client.model(name);
  } finally {
    client.close();
  }
}

interface Parts {
  readonly options: SoakOptions;
  readonly model: ServedModel;
  readonly threads: LoadThreads;
  readonly baseUrl: string;
}

class Soak {
  constructor(private readonly parts: Parts) {}

  async run(date: Date): Promise<SoakResult> {
    const { options, model, threads, baseUrl } = this.parts;
    const calibration = await this.#calibrate();
    const arrivals = this.#arrivals(calibration);
    const rate = gridsPerSecond(arrivals);
    options.onProgress(
      `${rate.toFixed(1)} grids/s for ${options.seconds} s, after ${options.warmUpSeconds} s more`,
    );
    await threads.arrive(arrivals, options.warmUpSeconds, () => undefined);
    const watch = new ServiceWatch(`${baseUrl}/metrics`);
    const seconds = new Seconds();
    const onInterval = (report: IntervalReport): void => {
      seconds.add(report);
      options.onProgress(progress(report, options.seconds, watch));
    };
    const reports = await threads.arrive(arrivals, options.seconds, onInterval).finally(() => watch.stop());
    const after = await settled(watch);
    const share = 'share' in options.load ? { share: options.load.share } : {};
    const { prbs, clients, highPriority, deadlineMs, seed } = options;
    return {
      date: date.toISOString(),
      machine: describeMachine(),
      model: { name: model.name, version: model.version },
      load: {
        arrivals,
        gridsPerSecond: rate,
        ...share,
        seconds: options.seconds,
        prbs,
        clients,
        highPriority,
        ...(deadlineMs !== undefined && { deadlineMs }),
        threads: options.threads,
        seed,
      },
      calibration,
      ...summary(reports, options.seconds),
      seconds: seconds.figures(),
      memory: { samples: watch.samples, growthMiBPerMinute: growthMiBPerMinute(watch.samples) },
      heldAfter: after,
    };
  }

  async #calibrate(): Promise<CalibrationStep[]> {
    const { options, threads } = this.parts;
    if (!('share' in options.load)) return [];
    const steps: CalibrationStep[] = [];
    for (const inFlight of RAMP) {
      options.onProgress(`calibration with ${inFlight} grids in flight`);
      steps.push({ inFlight, gridsPerSecond: await threads.saturate(inFlight, options.calibrationSeconds) });
    }
    return steps;
  }

  #arrivals(calibration: readonly CalibrationStep[]): Arrivals {
    const { load, slots } = this.parts.options;
    const highest = Math.max(...calibration.map((step) => step.gridsPerSecond));
    const wanted = 'share' in load ? load.share * highest : load.gridsPerSecond;
    if (!(wanted > 0)) throw new SpikingRxError('UNAVAILABLE', 'no grid was answered in the calibration');
    return slots === undefined ? { kind: 'poisson', gridsPerSecond: wanted } : slotArrivals(slots, wanted);
  }
}

/** The shortest whole period, in slots, that does not bring more than the rate wanted. */
function slotArrivals(slots: NonNullable<SoakOptions['slots']>, wanted: number): SlotArrivals {
  const everySlots = Math.max(1, Math.ceil((1000 * slots.cells * 2 ** slots.numerology) / wanted));
  return { kind: 'slots', ...slots, everySlots };
}

/** What is still held once the service has had a moment to count. */
async function settled(watch: ServiceWatch): Promise<SoakResult['heldAfter']> {
  for (let tries = 1; ; tries += 1) {
    const sample = await watch.look();
    const held = {
      grids: sample?.admittedGrids ?? Number.NaN,
      bytes: sample?.admittedBytes ?? Number.NaN,
      inFlight: sample?.gridsInFlight ?? Number.NaN,
    };
    if (held.grids + held.bytes + held.inFlight === 0 || tries === 20) return held;
    await sleep(100);
  }
}

function progress(report: IntervalReport, ofSeconds: number, watch: ServiceWatch): string {
  const { second, arrived, outcomes, latency } = report;
  const { OK = 0, ...others } = outcomes;
  const errors = Object.values(others).reduce((sum, count) => sum + count, 0);
  const rss = (watch.samples.at(-1)?.rssBytes ?? 0) / 2 ** 20;
  const p99 = latency.count === 0 ? '–' : `${(latency.percentile(99) / 1000).toFixed(1)} ms`;
  return `${second} of ${ofSeconds} s: ${arrived} in, ${OK} out, ${errors} errors, p99 ${p99}, ${rss.toFixed(0)} MiB`;
}
