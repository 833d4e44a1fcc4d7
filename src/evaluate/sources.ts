/** Models and services that are to be evaluated, and what they say of themselves. */
import { GrpcLlrClient } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { MODULATIONS, type Modulation } from '../nr/qam.js';
import { parseTrainConfig, type Scenario } from '../train/config.js';
import { readNamedModel } from './named-model.js';
import { parseModel } from './parse-flags.js';
import type { ReceiverSpec } from './receiver-spec.js';

/** A receiver that has parameters: what it is for, and which one it is. */
export interface Source<S extends ReceiverSpec = ReceiverSpec> {
  readonly spec: S;
  /** Of the model, whatever it is called here. */
  readonly sha256: string;
  readonly title: string;
  readonly nRx: number;
  /** Qm. */
  readonly bitsPerSymbol: number;
  readonly modulation: Modulation | undefined;
  /** What it was trained on, if it says. */
  readonly scenario: Scenario | undefined;
}

/** A source that is a file. */
export type ModelSource = Source<SpecOf<'model'>>;

/** @throws INVALID_ARGUMENT when the training data in the model are not as `train` writes them. */
function scenarioOf(config: Readonly<Record<string, unknown>> | undefined): Scenario | undefined {
  const training = config?.['training'];
  if (typeof training !== 'object' || training === null || !('data' in training)) return undefined;
  return parseTrainConfig({ name: 'evaluation', version: '1', data: training.data }).data;
}

type SpecOf<K extends ReceiverSpec['kind']> = Extract<ReceiverSpec, { readonly kind: K }>;

function modulationOf(name: unknown): Modulation | undefined {
  return MODULATIONS.find((known) => known === name);
}

/**
 * Models by `file` or `name=file`. One alone without a name goes by `SpikingRx`, several by name and version.
 * @throws NOT_FOUND when a file cannot be read, FAILED_PRECONDITION when it is no model of the contract.
 */
export function modelSources(texts: readonly string[]): ModelSource[] {
  const models = texts.map(parseModel);
  return models.map(({ file, label }) =>
    modelSource(file, models.length === 1 ? (label ?? 'SpikingRx') : label),
  );
}

/** @throws NOT_FOUND when the file cannot be read, FAILED_PRECONDITION when it is no model of the contract. */
export function modelSource(file: string, label?: string): ModelSource {
  const { bytes, sha256, title, contract } = readNamedModel(file);
  const { nRx, bitsPerSymbol, config } = contract;
  return {
    spec: { kind: 'model', name: label ?? title, bytes },
    sha256,
    title,
    nRx,
    bitsPerSymbol,
    modulation: modulationOf(config?.['modulation']),
    scenario: scenarioOf(config),
  };
}

/** @throws UNAVAILABLE when there is no such service, NOT_FOUND when it has no such model. */
export async function serviceSource(target: string, model?: string): Promise<Source<SpecOf<'service'>>> {
  const client = new GrpcLlrClient({ target });
  try {
    await client.connect();
    const served = await client.model(model);
    return {
      spec: {
        kind: 'service',
        name: `${served.name}/${served.version} at ${target}`,
        target,
        model: served.name,
      },
      sha256: served.sha256,
      title: `${served.name}/${served.version}`,
      nRx: served.nRx,
      bitsPerSymbol: served.bitsPerSymbol,
      modulation: modulationOf(served.modulation),
      scenario: scenarioOf(served.config),
    };
  } catch (cause) {
    if (!(cause instanceof SpikingRxError)) throw cause;
    throw new SpikingRxError(cause.code, `--service ${target}: ${cause.message}`, { cause });
  } finally {
    client.close();
  }
}
