import { SpikingRxError } from '../../errors.js';
import { encodeCaptured } from '../../wire/bulk/captured.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { CaptureMetrics } from '../metrics/capture.js';
import { captured, type AnsweredGrid } from './record.js';
import { CaptureRing } from './ring.js';

/** Records on their way to the disk; beyond it grids are dropped, so that a slow disk costs no more memory. */
const MAX_BUFFERED_BYTES = 32 * 2 ** 20;
/** Most bytes handed to the disk at a time. */
const MAX_WRITE_BYTES = 2 ** 20;
/** How long nothing is captured after the disk has refused. */
const PAUSE_MS = 10_000;

export interface CaptureParts {
  readonly metrics: CaptureMetrics;
  readonly log: Logger;
}

interface Waiting {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

/**
 * Writes a share of the answered grids to disk, behind the service's back: what it cannot take at once it drops and
 * counts, and what goes wrong with the disk is logged and harms no answer.
 */
export class Capture {
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #pausedUntilMs = 0;
  /** Grows by the share with each grid; a captured one costs 1. The first grid is captured. */
  #credit = 1;

  private constructor(
    private readonly ring: CaptureRing,
    private readonly share: number,
    private readonly parts: CaptureParts,
  ) {}

  /** Undefined where nothing is to be captured. @throws FAILED_PRECONDITION when the folder cannot be written to. */
  static async create(config: Config, parts: CaptureParts): Promise<Capture | undefined> {
    const { captureDir, captureSample, captureMaxBytes } = config;
    if (captureDir === undefined || captureSample === 0) return undefined;
    try {
      const ring = await CaptureRing.open(captureDir, captureMaxBytes);
      parts.log.warn({ captureDir, captureSample, captureMaxBytes }, 'grids and LLRs are captured to disk');
      return new Capture(ring, captureSample, parts);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SpikingRxError('FAILED_PRECONDITION', `captureDir ${captureDir}: ${reason}`, { cause });
    }
  }

  /** Whether the next grid is to be captured. */
  takes(): boolean {
    if (this.#credit < 1) this.#credit += this.share;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  /** Takes a copy of an answered grid; never throws and waits for nothing. */
  add(answered: AnsweredGrid): void {
    const { metrics } = this.parts;
    if (performance.now() < this.#pausedUntilMs) return metrics.dropped('disk');
    if (this.#waitingBytes >= MAX_BUFFERED_BYTES) return metrics.dropped('buffer');
    const record = encodeCaptured(captured(answered));
    const bytes = record[0].byteLength + record[1].byteLength;
    if (bytes > this.ring.fileBytes) return metrics.dropped('size');
    this.#waiting.push({ parts: record, bytes });
    this.#waitingBytes += bytes;
    this.#writing ??= this.#write();
  }

  /** Resolves when everything taken is in whole files. Never rejects. */
  async close(): Promise<void> {
    await this.#writing;
    await this.ring.close().catch((error: unknown) => this.#failed(error, 0));
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const bytes = batch.reduce((sum, one) => sum + one.bytes, 0);
      try {
        await this.ring.append(
          batch.flatMap(({ parts }) => parts),
          bytes,
        );
        this.parts.metrics.written(batch.length, bytes);
      } catch (error) {
        this.#failed(error, batch.length);
        // What was begun may be cut off in the middle of a record.
        await this.ring.close().catch(() => undefined);
      }
      this.#waitingBytes -= bytes;
    }
    this.#writing = undefined;
  }

  #take(): Waiting[] {
    const most = Math.min(MAX_WRITE_BYTES, this.ring.fileBytes);
    let [count, bytes] = [0, 0];
    for (const one of this.#waiting) {
      bytes += one.bytes;
      if (count > 0 && bytes > most) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #failed(error: unknown, grids: number): void {
    const { metrics, log } = this.parts;
    metrics.dropped('disk', grids + this.#waiting.length);
    this.#waitingBytes -= this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#waiting.length = 0;
    this.#pausedUntilMs = performance.now() + PAUSE_MS;
    log.error({ err: error }, `capture: the disk refused; trying again in ${PAUSE_MS} ms`);
  }
}
