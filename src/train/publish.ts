import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeServiceModel } from '../nn/service-graph.js';
import { type Checkpoint, networkOf } from './checkpoint.js';
import { writeGolden } from './golden.js';

/**
 * Writes a checkpoint's service graph to `<modelsDir>/<name>/<version>/model.onnx`, and golden grids beside it.
 * @returns the path of the model file
 */
export async function publishModel(checkpoint: Checkpoint, modelsDir: string): Promise<string> {
  const { config, step } = checkpoint;
  const { name, version, seed, startFrom, data, optimiser } = config;
  const directory = join(modelsDir, name, version);
  const training = { steps: step, seed, ...(startFrom && { startFrom }), data, optimiser };
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'model.onnx');
  writeFileSync(path, encodeServiceModel(networkOf(checkpoint), { name, version, training }));
  await writeGolden(directory);
  return path;
}
