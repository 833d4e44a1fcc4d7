import { Counter, type Registry } from 'prom-client';

/** Why a grid that was to be captured was not. */
export type DropReason = 'buffer' | 'disk' | 'size';

export class CaptureMetrics {
  readonly #grids: Counter;
  readonly #bytes: Counter;
  readonly #dropped: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#grids = new Counter({
      name: 'spikingrx_captured_grids_total',
      help: 'Grids written to the capture with their answers',
      registers,
    });
    this.#bytes = new Counter({
      name: 'spikingrx_captured_bytes_total',
      help: 'Bytes written to the capture',
      registers,
    });
    this.#dropped = new Counter({
      name: 'spikingrx_capture_dropped_grids_total',
      help: 'Grids that were to be captured and were not: the buffer was full, the disk refused, or their size',
      labelNames: ['reason'],
      registers,
    });
  }

  written(grids: number, bytes: number): void {
    this.#grids.inc(grids);
    this.#bytes.inc(bytes);
  }

  dropped(reason: DropReason, grids = 1): void {
    this.#dropped.inc({ reason }, grids);
  }
}
