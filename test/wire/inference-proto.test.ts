import protobuf from 'protobufjs';
import { expect, test } from 'vitest';

/** Fields of the public definitions: `name number type`, those of the Open Inference Protocol first. */
const PUBLIC = `
ServerLiveRequest:
ServerLiveResponse: live 1 bool
ServerReadyRequest:
ServerReadyResponse: ready 1 bool
ModelReadyRequest: name 1 string, version 2 string
ModelReadyResponse: ready 1 bool
ServerMetadataRequest:
ServerMetadataResponse: name 1 string, version 2 string, extensions 3 repeated string
ModelMetadataRequest: name 1 string, version 2 string
ModelMetadataResponse: name 1 string, versions 2 repeated string, platform 3 string, inputs 4 repeated TensorMetadata, outputs 5 repeated TensorMetadata
ModelMetadataResponse.TensorMetadata: name 1 string, datatype 2 string, shape 3 repeated int64
ModelInferRequest: model_name 1 string, model_version 2 string, id 3 string, parameters 4 map InferParameter, inputs 5 repeated InferInputTensor, outputs 6 repeated InferRequestedOutputTensor, raw_input_contents 7 repeated bytes
ModelInferRequest.InferInputTensor: name 1 string, datatype 2 string, shape 3 repeated int64, parameters 4 map InferParameter, contents 5 InferTensorContents
ModelInferRequest.InferRequestedOutputTensor: name 1 string, parameters 2 map InferParameter
ModelInferResponse: model_name 1 string, model_version 2 string, id 3 string, parameters 4 map InferParameter, outputs 5 repeated InferOutputTensor, raw_output_contents 6 repeated bytes
ModelInferResponse.InferOutputTensor: name 1 string, datatype 2 string, shape 3 repeated int64, parameters 4 map InferParameter, contents 5 InferTensorContents
InferParameter: bool_param 1 bool, int64_param 2 int64, string_param 3 string, double_param 4 double, uint64_param 5 uint64
InferTensorContents: bool_contents 1 repeated bool, int_contents 2 repeated int32, int64_contents 3 repeated int64, uint_contents 4 repeated uint32, uint64_contents 5 repeated uint64, fp32_contents 6 repeated float, fp64_contents 7 repeated double, bytes_contents 8 repeated bytes
ModelStreamInferResponse: error_message 1 string, infer_response 2 ModelInferResponse
ModelRepositoryParameter: bool_param 1 bool, int64_param 2 int64, string_param 3 string, bytes_param 4 bytes
RepositoryIndexRequest: repository_name 1 string, ready 2 bool
RepositoryIndexResponse: models 1 repeated ModelIndex
RepositoryIndexResponse.ModelIndex: name 1 string, version 2 string, state 3 string, reason 4 string
RepositoryModelLoadRequest: repository_name 1 string, model_name 2 string, parameters 3 map ModelRepositoryParameter
RepositoryModelLoadResponse:
RepositoryModelUnloadRequest: repository_name 1 string, model_name 2 string, parameters 3 map ModelRepositoryParameter
RepositoryModelUnloadResponse:
`;

const UNARY =
  'ServerLive ServerReady ModelReady ServerMetadata ModelMetadata ModelInfer RepositoryIndex RepositoryModelLoad RepositoryModelUnload';

const root = new protobuf.Root();
root.resolvePath = (_origin, target) => `proto/${target}`;
root.loadSync('inference/grpc_service.proto', { keepCase: true });
const inference = root.lookup('inference') as protobuf.Namespace;

function describeField(field: protobuf.Field): string {
  const rule = field.map ? 'map ' : field.repeated ? 'repeated ' : '';
  return `${field.name} ${field.id} ${rule}${field.type}`;
}

function describeTypes(parent: protobuf.Namespace, prefix = ''): string[] {
  return parent.nestedArray
    .filter((item) => item instanceof protobuf.Type)
    .flatMap((type) => {
      const fields = type.fieldsArray.toSorted((a, b) => a.id - b.id).map(describeField);
      const name = prefix + type.name;
      return [
        `${name}:${fields.length > 0 ? ` ${fields.join(', ')}` : ''}`,
        ...describeTypes(type, `${name}.`),
      ];
    });
}

test('messages are those of the public protocol, field by field', () => {
  expect(describeTypes(inference).toSorted()).toEqual(PUBLIC.trim().split('\n').toSorted());
});

test('so are the methods', () => {
  const methods = inference
    .lookupService('GRPCInferenceService')
    .methodsArray.map(({ name, requestType, requestStream = false, responseType, responseStream = false }) =>
      [name, requestType, requestStream, responseType, responseStream].join(' '),
    );
  const unary = UNARY.split(' ').map((name) => `${name} ${name}Request false ${name}Response false`);
  const stream = 'ModelStreamInfer ModelInferRequest true ModelStreamInferResponse true';
  expect(methods.toSorted()).toEqual([...unary, stream].toSorted());
});
