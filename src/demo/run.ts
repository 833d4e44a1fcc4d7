import { RestLlrClient, type ServedModel } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { ServiceProcess } from '../bench/service-process.js';
import { RECEIVER, type DemoSlot } from './scenario.js';
import { simulateInThread } from './simulator.js';
import { type Screen, Display, type TableRow } from './table.js';
import { Tally, errorRates } from './tally.js';
import { grpcTraffic, restTraffic, type TrafficOptions } from './traffic.js';

export interface DemoOptions {
  /** Traffic over each transport, seconds. */
  readonly durationSeconds: number;
  readonly snrDb: number;
  readonly seed: number;
  /** Distinct slots to simulate. */
  readonly slots: number;
  /** Slots sent and not yet answered. */
  readonly inFlight: number;
  /** Model to ask for; the service's default when undefined. */
  readonly model: string | undefined;
  /** Flags of `spikingrx serve`. */
  readonly serviceFlags: readonly string[];
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

export interface DemoOutcome {
  readonly rows: readonly TableRow[];
  readonly failures: number;
}

/**
 * Starts the service, simulates slots, streams them over REST and over gRPC and prints what came back.
 * @param whileServing called after the summary, while the service is still up
 */
export async function runDemo(
  options: DemoOptions,
  whileServing: (service: ServiceProcess) => Promise<void> = () => Promise.resolve(),
): Promise<DemoOutcome> {
  const { screen, signal } = options;
  screen.write(`Starting the service and simulating ${options.slots} slots at ${options.snrDb} dB SNR …\n`);
  const simulation = simulateInThread(options);
  // Whatever fails first must not leave the other running unwatched.
  const [started] = await Promise.allSettled([
    ServiceProcess.start({ flags: options.serviceFlags, signal }),
    simulation,
  ]);
  if (started.status === 'rejected') throw started.reason;
  const service = started.value;
  try {
    const slots = await simulation;
    const model = await servedModel(service.baseUrl, options.model);
    screen.write(`${describe(options, model, service)}\n\n`);
    const runs = await traffic({ ...options, model: model.name }, service, slots);
    const outcome = summarise(options, runs);
    await whileServing(service);
    return outcome;
  } finally {
    await service.stop();
  }
}

/** @throws FAILED_PRECONDITION when the model does not take the demo's slots */
async function servedModel(baseUrl: string, name: string | undefined): Promise<ServedModel> {
  const client = new RestLlrClient({ baseUrl });
  const model = await askedModel(client, name).finally(() => client.close());
  if (model && takesSlots(model)) return model;
  throw new SpikingRxError(
    'FAILED_PRECONDITION',
    `the demo sends QPSK on 2 antennas, model ${model?.name ?? '(none)'} takes ` +
      `${model?.bitsPerSymbol ?? '?'} bits a symbol on ${model?.nRx ?? '?'}: choose one with --model`,
  );
}

/** The model of this name; without one the service's default if it takes the slots, or the first that does. */
async function askedModel(client: RestLlrClient, name: string | undefined): Promise<ServedModel | undefined> {
  if (name !== undefined) return client.model(name);
  const models = await client.models();
  const fallback = models.find(({ isDefault }) => isDefault);
  return fallback && takesSlots(fallback) ? fallback : (models.find(takesSlots) ?? fallback);
}

function takesSlots({ nRx, bitsPerSymbol }: ServedModel): boolean {
  return nRx === RECEIVER.nRx && bitsPerSymbol === 2;
}

function describe({ snrDb, seed }: DemoOptions, model: ServedModel, service: ServiceProcess): string {
  return [
    `Model    ${model.name}, version ${model.version}, on ${model.provider}`,
    `Service  REST ${service.baseUrl}, gRPC ${service.target}`,
    `Slots    QPSK, 2 Rx, 4 PRB, SNR ${snrDb} dB (received energy per RE and antenna over N0), seed ${seed};`,
    '         TDL-A … E, delay spread 10 … 300 ns, Doppler 0 … 400 Hz, DMRS in one or two symbols',
  ].join('\n');
}

interface Run {
  readonly name: string;
  readonly tally: Tally;
}

async function traffic(
  options: DemoOptions,
  service: ServiceProcess,
  slots: readonly DemoSlot[],
): Promise<readonly Run[]> {
  const display = new Display(options.screen);
  const runs: Run[] = [];
  const rows = (): TableRow[] => runs.map(({ name, tally }) => ({ name, figures: tally.figures() }));
  const drive = async (name: string, send: (traffic: TrafficOptions) => Promise<void>): Promise<void> => {
    options.signal.throwIfAborted();
    const tally = new Tally();
    runs.push({ name, tally });
    const { inFlight, model, screen, signal, durationSeconds } = options;
    const refresh = setInterval(() => display.update(rows()), screen.isTTY === true ? 250 : 2000);
    try {
      await send({ slots, tally, inFlight, model, signal, durationMs: 1000 * durationSeconds });
    } finally {
      clearInterval(refresh);
    }
  };
  await drive('REST', async (options_) => restTraffic(service.baseUrl, options_));
  await drive('gRPC stream', async (options_) => grpcTraffic(service.target, options_));
  display.finish(rows());
  return runs;
}

function summarise({ screen, inFlight, slots }: DemoOptions, runs: readonly Run[]): DemoOutcome {
  const rows = runs.map(({ name, tally }) => ({ name, figures: tally.figures() }));
  const failures = rows.reduce((sum, { figures }) => sum + figures.failures, 0);
  const answered = rows.reduce((sum, { figures }) => sum + figures.slots, 0);
  screen.write(
    `\n${answered} answers to ${slots} distinct slots, ${inFlight} in flight, ${failures} failed. ` +
      'BER: share of bits whose LLR has the wrong sign.\n',
  );
  const dmrs = [...new Set(runs.flatMap(({ tally }) => [...tally.counts.keys()]))].toSorted((a, b) => a - b);
  for (const symbols of dmrs) {
    const counts = runs.flatMap(({ tally }) => tally.counts.get(symbols) ?? []);
    const { spikingRx, lsLmmse, perfectCsi } = errorRates(counts);
    screen.write(
      `  DMRS in ${symbols} symbol${symbols === 1 ? ' ' : 's'}: SpikingRx ${spikingRx.toExponential(2)}, ` +
        `LS + LMMSE ${lsLmmse.toExponential(2)}, perfect CSI ${perfectCsi.toExponential(2)}\n`,
    );
  }
  return { rows, failures };
}
