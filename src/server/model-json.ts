import type { Engine } from '../engine/engine.js';
import type { ModelInfo } from '../engine/types.js';
import type { ModelJson } from './schemas.js';

function tensors(list: ModelInfo['inputs']): ModelJson['inputs'] {
  return list.map(({ name, datatype, shape }) => ({ name, datatype, shape: [...shape] }));
}

/** A model as clients see it, on either transport. */
export function describeModel(model: ModelInfo, engine: Engine): ModelJson {
  const { fallbackReason } = engine.provider;
  return {
    name: model.name,
    version: model.version,
    ready: model.ready,
    isDefault: model.name === engine.defaultModel,
    sha256: model.sha256,
    provider: model.provider,
    providerRequested: engine.options.provider,
    ...(fallbackReason !== undefined && { providerFallback: firstLine(fallbackReason) }),
    nRx: model.nRx ?? 0,
    bitsPerSymbol: model.bitsPerSymbol ?? 0,
    ...(model.modulation !== undefined && { modulation: model.modulation }),
    inputs: tensors(model.inputs),
    outputs: tensors(model.outputs),
    ...(model.config && { config: { ...model.config } }),
  };
}

/** The runtime's reason without its paths; the log has it whole. */
function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/(?:\/[\w.@+-]+){2,}/g, '…').slice(0, 300);
}
