import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpikingRxConfigSchema } from '#nn/config.js';
import { initialise } from '#nn/parameters.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { parameterSpecs, runningStatisticSpecs } from '#nn/spikingrx.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import { Random } from '#phy/random.js';
import { Value } from 'typebox/value';

/** A SpikingRx with random weights: every operator of the served graph, quick to run. */
export function spikingRxModel(settings: Readonly<Record<string, unknown>> = {}, seed = 1): Uint8Array {
  const defaults = {
    channels: 8,
    timeSteps: 2,
    dilations: [
      [1, 1],
      [2, 3],
    ],
    readoutWidth: 16,
    driveGain: 20,
  };
  const config = Value.Default(SpikingRxConfigSchema, { ...defaults, ...settings });
  if (!Value.Check(SpikingRxConfigSchema, config))
    throw new Error(`bad settings ${JSON.stringify(settings)}`);
  const random = Random.fromSeed(seed);
  const weights = initialise(parameterSpecs(config), random);
  const statistics = initialise(runningStatisticSpecs(config), random);
  return encodeServiceModel({ config, weights, statistics }, { name: 'random', version: '1' });
}

/**
 * Known LLRs: Qm = 2, nRx antennas; plane 0 is Re of antenna 0, plane 1 is Re of the pilots.
 * @param options names and sizes to break the contract with
 */
export function passThroughModel(
  options: {
    nRx?: number;
    llrName?: string;
    llrPlanes?: 1 | 2;
    nSym?: number;
    divideByPilots?: boolean;
    metadata?: Readonly<Record<string, string>>;
  } = {},
): Uint8Array {
  const g = new GraphBuilder('pass-through');
  const nSym = options.nSym ?? 'symbols';
  const rx = g.input('rx_grid', 'float32', ['batch', 2 * (options.nRx ?? 1), nSym, 'subcarriers']);
  const dmrs = g.input('dmrs', 'float32', ['batch', 2, nSym, 'subcarriers']);
  const signal = g.slice(rx, 1, 0, 1);
  const pilots = g.slice(dmrs, 1, 0, 1);
  const first = options.divideByPilots === true ? g.div(signal, g.sub(pilots, pilots)) : signal;
  g.output(g.concat([first, pilots], 1), options.llrName ?? 'llr');
  return encodeModel(g, options.metadata);
}

/** `{name: {version: bytes}}` */
export type ModelTree = Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;

/** Writes models into a new folder under the system's temporary one. */
export async function modelFolder(tree: ModelTree): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'spikingrx-engine-'));
  for (const [name, versions] of Object.entries(tree)) {
    for (const [version, bytes] of Object.entries(versions)) {
      await mkdir(join(path, name, version), { recursive: true });
      await writeFile(join(path, name, version, 'model.onnx'), bytes);
    }
  }
  return { path, remove: async () => rm(path, { recursive: true, force: true }) };
}
