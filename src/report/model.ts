/** The model of a report: its file, and what training left beside it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Value } from 'typebox/value';
import { invalid } from '../errors.js';
import { type NamedModel, readNamedModel } from '../evaluate/named-model.js';
import { type SpikingRxConfig, SpikingRxConfigSchema } from '../nn/config.js';
import { type Modulation, bitsPerSymbol, MODULATIONS } from '../nr/qam.js';
import type { ModelContract } from '../onnx/contract.js';
import { type Checkpoint, loadCheckpoint } from '../train/checkpoint.js';
import { loadTrainConfig, type TrainConfig } from '../train/config.js';
import { parseTrainingLog, type TrainingLog } from '../train/curve.js';

export interface SubjectModel extends NamedModel {
  /** Path of the ONNX file, as it was given. */
  readonly file: string;
  readonly modulation: Modulation;
  /** Shape and dynamics of the network; undefined in a foreign model. */
  readonly network: SpikingRxConfig | undefined;
  /** `checkpoint.bin` beside the file: weights before folding, and running statistics. */
  readonly checkpoint: Checkpoint | undefined;
  /** `train.yaml` beside the file, or the checkpoint's own configuration. */
  readonly training: TrainConfig | undefined;
  /** `train-log.csv`, or `log.csv`, beside the file. */
  readonly log: TrainingLog | undefined;
}

/**
 * Reads a model file and what lies beside it.
 * @throws NOT_FOUND when there is no such file, FAILED_PRECONDITION when it is no model of the contract,
 *   INVALID_ARGUMENT when a file beside it is damaged.
 */
export function readSubjectModel(file: string): SubjectModel {
  const model = readNamedModel(file);
  const { contract } = model;
  const beside = (name: string): string | undefined => {
    const path = join(dirname(file), name);
    return existsSync(path) ? path : undefined;
  };
  const [checkpointFile, trainFile] = [beside('checkpoint.bin'), beside('train.yaml')];
  const logFile = beside('train-log.csv') ?? beside('log.csv');
  const checkpoint = checkpointFile === undefined ? undefined : loadCheckpoint(checkpointFile);
  return {
    ...model,
    file,
    modulation: modulationOf(file, contract),
    network: networkOf(contract),
    checkpoint,
    training: trainFile === undefined ? checkpoint?.config : loadTrainConfig(trainFile),
    log: logFile === undefined ? undefined : parseTrainingLog(readFileSync(logFile, 'utf8')),
  };
}

/** Qm alone decides: TS 38.211 has one mapping for each. */
function modulationOf(file: string, { bitsPerSymbol: qm }: ModelContract): Modulation {
  const modulation = MODULATIONS.find((name) => bitsPerSymbol(name) === qm);
  if (modulation === undefined)
    throw invalid(`--model ${file}`, `${MODULATIONS.map(bitsPerSymbol).join(', ')} bits a symbol`, `${qm}`);
  return modulation;
}

function networkOf({ config }: ModelContract): SpikingRxConfig | undefined {
  if (config === undefined) return undefined;
  const known = Object.keys(SpikingRxConfigSchema.properties);
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => known.includes(key)));
  const network = Value.Default(SpikingRxConfigSchema, own);
  return Value.Check(SpikingRxConfigSchema, network) ? network : undefined;
}
