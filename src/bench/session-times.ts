import { shapeName, type BenchOptions } from './options.js';
import type { Rig } from './rig.js';

export interface SessionFigures {
  readonly shape: string;
  readonly batch: number;
  /** One session with one thread, alone on the machine. */
  readonly msPerGrid: number;
}

const BATCHES = [1, 8, 16];

/** The bare session at several batch sizes, on one thread. */
export async function measureSession(rig: Rig, options: BenchOptions): Promise<SessionFigures[]> {
  const figures: SessionFigures[] = [];
  for (const shape of options.shapes)
    for (const batch of BATCHES) {
      options.onProgress(`bare session at ${shapeName(shape)}, batch ${batch}`);
      const { gridsPerSecond } = await rig.raw.measure(
        { shape, batch, seconds: options.seconds, warmUpRuns: 2 },
        1,
      );
      figures.push({ shape: shapeName(shape), batch, msPerGrid: 1000 / gridsPerSecond });
    }
  return figures;
}
