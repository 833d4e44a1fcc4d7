/**
 * Types of the messages of `proto/inference/grpc_service.proto` as they are written, field names in camel case. Fields
 * left out have proto3 defaults.
 */

/** At most one member. Where they are decoded, 64-bit numbers are Longs. */
export interface InferParameterMessage {
  boolParam?: boolean;
  int64Param?: number;
  stringParam?: string;
  doubleParam?: number;
  uint64Param?: number;
}

export type ParametersMessage = Readonly<Record<string, InferParameterMessage>>;

/** Lists may be typed arrays: they are only read by index. */
export interface InferTensorContentsMessage {
  boolContents?: ArrayLike<boolean | number>;
  intContents?: ArrayLike<number>;
  int64Contents?: ArrayLike<unknown>;
  uintContents?: ArrayLike<number>;
  uint64Contents?: ArrayLike<unknown>;
  fp32Contents?: ArrayLike<number>;
  fp64Contents?: ArrayLike<number>;
  bytesContents?: ArrayLike<Uint8Array>;
}

export interface InferTensorMessage {
  name: string;
  datatype: string;
  shape: readonly number[];
  parameters?: ParametersMessage;
  contents?: InferTensorContentsMessage;
}

export interface ModelInferRequestMessage {
  modelName?: string;
  modelVersion?: string;
  id?: string;
  parameters?: ParametersMessage;
  inputs?: readonly InferTensorMessage[];
  outputs?: readonly { name: string; parameters?: ParametersMessage }[];
  rawInputContents?: readonly Uint8Array[];
}

export interface ModelInferResponseMessage {
  modelName?: string;
  modelVersion?: string;
  id?: string;
  parameters?: ParametersMessage;
  outputs?: readonly InferTensorMessage[];
  rawOutputContents?: readonly Uint8Array[];
}

export interface ModelStreamInferResponseMessage {
  errorMessage?: string;
  inferResponse?: ModelInferResponseMessage;
}

export type EmptyMessage = Readonly<Record<string, never>>;

export interface ServerLiveResponseMessage {
  live: boolean;
}

export interface ReadyResponseMessage {
  ready: boolean;
}

export interface ServerMetadataResponseMessage {
  name: string;
  version: string;
  extensions: readonly string[];
}

/** Of `ModelReady` and `ModelMetadata`. */
export interface ModelNameMessage {
  name?: string;
  version?: string;
}

export interface ModelMetadataResponseMessage {
  name: string;
  versions: readonly string[];
  platform: string;
  inputs: readonly TensorMetadataMessage[];
  outputs: readonly TensorMetadataMessage[];
}

export interface TensorMetadataMessage {
  name: string;
  datatype: string;
  shape: readonly number[];
}

export interface RepositoryIndexRequestMessage {
  repositoryName?: string;
  ready?: boolean;
}

export interface RepositoryIndexResponseMessage {
  models: readonly { name: string; version: string; state: string; reason: string }[];
}

/** Of `RepositoryModelLoad` and `RepositoryModelUnload`. */
export interface RepositoryModelRequestMessage {
  repositoryName?: string;
  modelName?: string;
  parameters?: Readonly<Record<string, unknown>>;
}
