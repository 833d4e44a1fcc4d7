import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { readModelContract } from '../onnx/contract.js';
import { LoadProcess, type LoadFigures, type PoissonLoad } from './load.js';
import type { BenchOptions, BenchShape } from './options.js';
import { RawRuntime } from './raw.js';
import { ServiceProcess } from './service-process.js';

export interface SaturateOptions {
  readonly service: ServiceProcess;
  readonly kind: 'grpc' | 'rest';
  readonly shape: BenchShape;
  readonly gridsPerMessage: number;
  /** Default: as the bench's options say. */
  readonly seconds?: number;
}

/** Everything that is measured, each in a process of its own: start once, use often, idle in between. */
export class Rig {
  private constructor(
    private readonly options: BenchOptions,
    readonly nRx: number,
    readonly raw: RawRuntime,
    readonly service: ServiceProcess,
    /** The same with batches of one grid. */
    readonly unbatched: ServiceProcess,
    private readonly client: LoadProcess,
  ) {}

  static async start(options: BenchOptions): Promise<Rig> {
    const { modelsDir, model, version, workers, batch } = options;
    const modelFile = join(modelsDir, model, version, 'model.onnx');
    const { nRx } = readModelContract(readFileSync(modelFile));
    const flags = ['--models-dir', modelsDir, '--default-model', model, '--workers', String(workers)];
    const service = await ServiceProcess.start({ flags: [...flags, '--max-batch-grids', String(batch)] });
    const unbatched = await ServiceProcess.start({ flags: [...flags, '--max-batch-grids', '1'] });
    const raw = await RawRuntime.start(modelFile, workers);
    return new Rig(options, nRx, raw, service, unbatched, new LoadProcess());
  }

  async close(): Promise<void> {
    this.client.close();
    await Promise.all([this.raw.close(), this.service.stop(), this.unbatched.stop()]);
  }

  /** As many grids as the service can take, from a closed loop. */
  async saturate({ service, kind, shape, gridsPerMessage, ...rest }: SaturateOptions): Promise<LoadFigures> {
    const seconds = rest.seconds ?? this.options.seconds;
    const { inFlight } = this.options;
    const address = kind === 'rest' ? service.baseUrl : service.target;
    const load = { kind, gridsPerMessage, inFlight, seconds, warmUpSeconds: Math.min(1, seconds / 2) };
    return this.client.run({ ...this.#target(address, shape), ...load });
  }

  /** Arrivals at random times, at a mean rate. */
  async poisson(shape: BenchShape, load: Omit<PoissonLoad, 'kind'>): Promise<LoadFigures> {
    return this.client.run({ ...this.#target(this.service.target, shape), ...load, kind: 'poisson' });
  }

  #target(address: string, shape: BenchShape) {
    const { model, version, seed } = this.options;
    return { address, shape, model, version, seed, nRx: this.nRx };
  }
}
