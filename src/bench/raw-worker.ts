/** Thread that runs a bare session as fast as it can: see raw.ts. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { createSession, type RuntimeTensor } from '../engine/session.js';
import { readModelContract } from '../onnx/contract.js';
import type { RawCommand, RawReply } from './raw.js';

const { modelFile } = workerData as { readonly modelFile: string };
const model = readFileSync(modelFile);
const { nRx, bitsPerSymbol } = readModelContract(model);
const session = await createSession(model, { intraOpThreads: 1 });

function tensor(dims: readonly number[], value: number): RuntimeTensor {
  const elements = dims.reduce((product, dim) => product * dim, 1);
  return { type: 'float32', data: new Float32Array(elements).fill(value), dims };
}

/** Runs one shape over and over for a while, inputs and outputs allocated once. */
async function measure({ shape, batch, seconds, warmUpRuns }: RawCommand): Promise<RawReply> {
  const { nSym, nSc } = shape;
  const feeds = {
    rx_grid: tensor([batch, 2 * nRx, nSym, nSc], 0.7),
    dmrs: tensor([batch, 2, nSym, nSc], 0.7),
  };
  const fetches = { llr: tensor([batch, bitsPerSymbol, nSym, nSc], 0) };
  for (let i = 0; i < warmUpRuns; i++) await session.run(feeds, fetches);
  const start = performance.now();
  let runs = 0;
  while (performance.now() - start < 1000 * seconds) {
    await session.run(feeds, fetches);
    runs++;
  }
  return { grids: runs * batch, milliseconds: performance.now() - start };
}

parentPort?.on('message', (command: RawCommand) => {
  void measure(command).then((reply) => parentPort?.postMessage(reply, []));
});
parentPort?.postMessage('ready', []);
