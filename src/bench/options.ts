/** Grid shape of a measurement. */
export interface BenchShape {
  readonly nSym: number;
  readonly nSc: number;
}

export interface BenchOptions {
  readonly modelsDir: string;
  /** Model to measure, and its version. */
  readonly model: string;
  readonly version: string;
  /** Worker threads, of the service and of the bare runtime. */
  readonly workers: number;
  /** Grids in a batch, of the service and of the bare runtime. */
  readonly batch: number;
  /** Grids in a message of the saturating clients. */
  readonly gridsPerMessage: number;
  /** Grids sent and not yet answered by the saturating clients. */
  readonly inFlight: number;
  /** Interleaved repeats; figures are medians over them. */
  readonly repeats: number;
  /** Measured time of one repeat of one thing. */
  readonly seconds: number;
  readonly shapes: readonly BenchShape[];
  readonly seed: number;
  /** Slots in the batch of the training step. */
  readonly trainingBatch: number;
  readonly trainingSteps: number;
  /** Told what is being measured. */
  readonly onProgress: (text: string) => void;
}

/** `14x96` */
export function shapeName({ nSym, nSc }: BenchShape): string {
  return `${nSym}x${nSc}`;
}
