import { SpikingRxError } from '../errors.js';
import type { TensorDescription } from '../onnx/signature.js';
import type { RepositoryModel } from './model-repository.js';
import type { ModelInfo, TensorInfo } from './types.js';

/** A served model version: what clients may know, and what the engine needs. */
export interface CatalogEntry {
  readonly model: RepositoryModel;
  readonly info: ModelInfo;
}

export interface CatalogOptions {
  readonly provider: 'cpu' | 'cuda';
  /** Model of requests that name none: when left out the first by name, of those that take grids if any does. */
  readonly defaultModel: string | undefined;
  /** Version of requests that name none, by model; the highest where there is no entry. */
  readonly defaultVersions: ReadonlyMap<string, string>;
}

/**
 * The served models by name and version, with the defaults for requests that name neither. Never changed:
 * when models come or go, another catalog takes its place.
 */
export class ModelCatalog {
  private readonly entries: readonly CatalogEntry[];
  /** Undefined when none is set and nothing is served. */
  readonly defaultModel: string | undefined;

  /** @param models in alphabetical order of names, ascending versions for each. */
  constructor(
    models: readonly RepositoryModel[],
    private readonly options: CatalogOptions,
  ) {
    this.entries = models.map((model) => ({ model, info: infoOf(model, options.provider) }));
    // Requests that name no model bring grids.
    const preferred = models.find(({ contract }) => contract !== undefined) ?? models[0];
    this.defaultModel = options.defaultModel ?? preferred?.name;
  }

  infos(): readonly ModelInfo[] {
    return this.entries.map((entry) => entry.info);
  }

  /**
   * @param name default model when absent
   * @param version default version when absent
   * @throws SpikingRxError NOT_FOUND, naming what there is.
   */
  find(name = this.defaultModel, version?: string): CatalogEntry {
    const named = this.entries.filter((entry) => entry.model.name === name);
    if (name === undefined || named.length === 0) {
      const names = [...new Set(this.entries.map((entry) => entry.model.name))].join(', ');
      const what = name === undefined ? 'no model is served' : `no model is called '${name}'`;
      throw notFound('model', `${what}; served are ${names || 'none'}`);
    }
    const wanted = version ?? this.options.defaultVersions.get(name);
    const found = wanted === undefined ? named.at(-1) : named.find((entry) => entry.model.version === wanted);
    if (found === undefined) {
      const versions = named.map((entry) => entry.model.version).join(', ');
      const whose = version === undefined ? 'default version' : 'version';
      throw notFound('version', `model '${name}' has no ${whose} '${wanted}'; served are ${versions}`);
    }
    return found;
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
    instance: model.key,
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
