import type { ModelInfo, TensorInfo } from '../../engine/types.js';
import { SpikingRxError } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { DATATYPES, type Datatype } from './datatypes.js';
import { VERSION } from '../../version.js';

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  /** Extensions of the protocol, by the names that Triton gave them. */
  readonly extensions: readonly string[];
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** −1 where the size is known only at run time. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

const PLATFORM = 'onnxruntime_onnx';

export function serverMetadata(): ServerMetadata {
  return {
    name: 'spikingrx',
    version: VERSION,
    extensions: ['binary_tensor_data', 'model_repository', 'schedule_policy', 'parameters'],
  };
}

/** @throws NOT_FOUND when there is no such model or version. */
export function modelMetadata(core: ServiceCore, name: string, version?: string): ModelMetadata {
  const model = namedModel(core, name, version);
  const all = core.engine.models().filter((one) => one.name === model.name);
  return {
    name: model.name,
    versions: version ? [model.version] : all.map((one) => one.version),
    platform: PLATFORM,
    inputs: model.inputs.map(tensorMetadata),
    outputs: model.outputs.map(tensorMetadata),
  };
}

/** @throws NOT_FOUND when there is no such model or version. */
export function modelReady(core: ServiceCore, name: string, version?: string): boolean {
  return namedModel(core, name, version).ready && core.ready;
}

/** There is no default model in this protocol. @throws NOT_FOUND. */
export function namedModel(core: ServiceCore, name: string, version?: string): ModelInfo {
  if (name === '')
    throw new SpikingRxError('NOT_FOUND', 'model: expected a name, received none', { field: 'model' });
  return core.model(name, version);
}

function tensorMetadata({ name, datatype, shape }: TensorInfo): TensorMetadata {
  const sizes = shape.map((size) => (typeof size === 'number' ? size : -1));
  return { name, datatype: DATATYPES[datatype], shape: sizes };
}
