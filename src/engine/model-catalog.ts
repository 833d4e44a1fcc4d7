import { SpikingRxError } from '../errors.js';
import type { TensorDescription } from '../onnx/signature.js';
import type { RefusedModel, RepositoryModel } from './model-repository.js';
import type { ModelInfo, TensorInfo } from './types.js';

/** A served model version: what clients may know, and what the engine needs. */
export interface CatalogEntry {
  readonly model: RepositoryModel;
  readonly info: ModelInfo;
}

/** The served models by name and version, with the defaults for requests that name neither. */
export class ModelCatalog {
  private readonly entries: readonly CatalogEntry[];
  readonly defaultModel: string;

  /**
   * @param models in ascending version order for each name
   * @throws SpikingRxError FAILED_PRECONDITION when there is no model, or no `defaultModel`; the message
   *   lists what was refused and why.
   */
  constructor(
    models: readonly RepositoryModel[],
    options: {
      readonly modelsDir: string;
      readonly provider: 'cpu' | 'cuda';
      readonly defaultModel: string | undefined;
      readonly refused: readonly RefusedModel[];
    },
  ) {
    this.entries = models.map((model) => ({ model, info: infoOf(model, options.provider) }));
    const wanted = options.defaultModel;
    // Requests that name no model bring grids.
    const preferred = models.filter(({ contract }) => contract !== undefined);
    const fallback = (preferred.length > 0 ? preferred : models).map((model) => model.name).toSorted()[0];
    if (fallback === undefined || (wanted !== undefined && !this.has(wanted))) {
      const what =
        fallback === undefined || wanted === undefined ? 'no model' : `no default model '${wanted}'`;
      const why = options.refused
        .map((model) => `; ${model.name}/${model.version}: ${model.reason}`)
        .join('');
      throw new SpikingRxError(
        'FAILED_PRECONDITION',
        `${what} can be served from ${options.modelsDir}${why}`,
      );
    }
    this.defaultModel = wanted ?? fallback;
  }

  infos(): readonly ModelInfo[] {
    return this.entries.map((entry) => entry.info);
  }

  /**
   * @param name default model when absent
   * @param version highest when absent
   * @throws SpikingRxError NOT_FOUND, naming what there is.
   */
  find(name = this.defaultModel, version?: string): CatalogEntry {
    const named = this.entries.filter((entry) => entry.model.name === name);
    if (named.length === 0) {
      const names = [...new Set(this.entries.map((entry) => entry.model.name))].join(', ');
      throw notFound('model', `no model is called '${name}'; served are ${names}`);
    }
    const found =
      version === undefined ? named.at(-1) : named.find((entry) => entry.model.version === version);
    if (found === undefined) {
      const versions = named.map((entry) => entry.model.version).join(', ');
      throw notFound('version', `model '${name}' has no version '${version}'; served are ${versions}`);
    }
    return found;
  }

  private has(name: string): boolean {
    return this.entries.some((entry) => entry.model.name === name);
  }
}

function notFound(field: string, message: string): SpikingRxError {
  return new SpikingRxError('NOT_FOUND', message, { field });
}

function infoOf(model: RepositoryModel, provider: 'cpu' | 'cuda'): ModelInfo {
  const { contract, misfit, signature } = model;
  const modulation = contract?.config?.['modulation'];
  return {
    name: model.name,
    version: model.version,
    ready: true,
    sha256: model.sha256,
    provider,
    nRx: contract?.nRx,
    bitsPerSymbol: contract?.bitsPerSymbol,
    misfit,
    batched: signature.batched,
    modulation: typeof modulation === 'string' ? modulation : undefined,
    inputs: signature.inputs.map(tensorInfo),
    outputs: signature.outputs.map(tensorInfo),
    config: contract?.config,
  };
}

function tensorInfo({ name, type, shape }: TensorDescription): TensorInfo {
  return { name, datatype: type, shape };
}
