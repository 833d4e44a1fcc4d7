import type { RequestSize } from '../../../engine/types.js';
import { invalid } from '../../../errors.js';
import type {
  InferParameterMessage,
  InferTensorMessage,
  ModelInferResponseMessage,
} from '../../../wire/inference/messages.js';
import type { ServiceCore } from '../../core.js';
import { MAX_ID_LENGTH } from '../../decode-grid.js';
import { elementType } from '../../oip/datatypes.js';
import {
  inferAdmitted,
  inferRows,
  type InferAnswer,
  type InferContext,
  type InferInput,
  type InferRequest,
} from '../../oip/infer.js';
import { refuseUnserved } from '../../oip/parameters.js';
import { readContents, writeContents } from './contents.js';
import type { InferRequestMessage, InputMessage } from './infer-request.js';

/** What a request takes of the queue's room. @throws NOT_FOUND, PAYLOAD_TOO_LARGE. */
export function inferSize(core: ServiceCore, message: InferRequestMessage, client: string): RequestSize {
  const { modelName: model, modelVersion: version, inputs, rawContents } = message;
  const parts = [...rawContents, ...inputs.flatMap(({ contents }) => contents)];
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { grids: inferRows(core, { model, version, inputs }), bytes, client };
}

/** Computes one request that has room. @throws as `inferAdmitted`. */
export async function inferMessage(
  core: ServiceCore,
  message: InferRequestMessage,
  context: InferContext & { readonly rows: number },
): Promise<{ readonly response: ModelInferResponseMessage; readonly answer: InferAnswer }> {
  const answer = await inferAdmitted(core, () => readRequest(message), context);
  return { response: responseMessage(answer, isRaw(message)), answer };
}

/** @throws INVALID_ARGUMENT, naming the field. */
function readRequest(message: InferRequestMessage): InferRequest {
  const { modelName: model, modelVersion: version, id, parameters, inputs, outputs } = message;
  if (id.length > MAX_ID_LENGTH)
    throw invalid('id', `at most ${MAX_ID_LENGTH} characters`, `${id.length} characters`);
  return {
    model,
    version,
    id,
    parameters,
    inputs: readInputs(message, inputs),
    outputs: outputs.map(({ name, parameters: own }, i) => {
      refuseUnserved(own, `outputs[${i}].parameters`);
      return name;
    }),
  };
}

function readInputs({ rawContents }: InferRequestMessage, inputs: readonly InputMessage[]): InferInput[] {
  if (rawContents.length > 0 && rawContents.length !== inputs.length)
    throw invalid(
      'raw_input_contents',
      `one entry for each of ${inputs.length} inputs`,
      `${rawContents.length}`,
    );
  return inputs.map((input, i) => {
    const { name, datatype, shape } = input;
    refuseUnserved(input.parameters, `inputs[${i}].parameters`);
    return { name, datatype, shape, data: rawContents[i] ?? contentsOf(input, `inputs[${i}]`) };
  });
}

function contentsOf({ datatype, shape, contents }: InputMessage, field: string): Uint8Array {
  const type = elementType(datatype, `${field}.datatype`);
  const elements = shape.reduce((product, size) => product * size, 1);
  if (!shape.every((size) => size >= 1))
    throw invalid(`${field}.shape`, 'sizes of at least 1', 'a smaller one');
  return readContents(contents, { type, elements, field: `${field}.contents` });
}

/** A request with raw contents, or without any, is answered with raw contents. */
function isRaw({ rawContents, inputs }: InferRequestMessage): boolean {
  return rawContents.length > 0 || inputs.length === 0;
}

function responseMessage(answer: InferAnswer, raw: boolean): ModelInferResponseMessage {
  const { id, model, version, outputs } = answer;
  const contents = raw
    ? []
    : outputs.map(({ datatype, bytes }) => writeContents(elementType(datatype, ''), bytes));
  // All in lists or all raw: FP16 has no list.
  const typed = contents.length > 0 && contents.every((list) => list !== undefined);
  return {
    modelName: model,
    modelVersion: version,
    id,
    parameters: provenanceParameters(answer),
    outputs: outputs.map(({ name, datatype, shape }, i): InferTensorMessage => {
      const tensor = { name, datatype, shape };
      return typed ? { ...tensor, contents: contents[i]! } : tensor;
    }),
    ...(!typed && { rawOutputContents: outputs.map(({ bytes }) => bytes) }),
  };
}

/** Where the answer came from. */
function provenanceParameters({ provenance }: InferAnswer): Record<string, InferParameterMessage> {
  const { sha256, provider, batchSize, decodeMs, queueMs, computeMs } = provenance;
  return {
    sha256: { stringParam: sha256 },
    provider: { stringParam: provider },
    batch_size: { int64Param: batchSize },
    decode_ms: { doubleParam: decodeMs },
    queue_ms: { doubleParam: queueMs },
    compute_ms: { doubleParam: computeMs },
  };
}
