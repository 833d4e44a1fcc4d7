import { SpikingRxError } from '../../errors.js';
import { jsonElements } from '../oip/elements.js';
import type { InferAnswer, InferOutput } from '../oip/infer.js';
import { MAX_ARRAY_LLRS } from '../schemas.js';

export interface RestInferAnswer {
  /** JSON and, behind it, binary data. */
  readonly body: Buffer;
  /** Length of the JSON where binary data follow. */
  readonly jsonLength: number | undefined;
}

/**
 * Writes an answer, each output as JSON or as binary data.
 * @throws PAYLOAD_TOO_LARGE for more values than are written as JSON, INVALID_ARGUMENT for those that it cannot hold.
 */
export function writeInferAnswer(
  answer: InferAnswer,
  request: { readonly id?: string | undefined; isBinary(output: string): boolean },
): RestInferAnswer {
  const inJson = answer.outputs.filter(({ name }) => !request.isBinary(name));
  checkJsonValues(inJson);
  const head = JSON.stringify({
    model_name: answer.model,
    model_version: answer.version,
    ...(request.id !== undefined && { id: request.id }),
    parameters: provenanceParameters(answer),
  });
  const outputs = answer.outputs.map((output) => outputText(output, request.isBinary(output.name)));
  const json = Buffer.from(`${head.slice(0, -1)},"outputs":[${outputs.join()}]}`);
  if (inJson.length === answer.outputs.length) return { body: json, jsonLength: undefined };
  const binary = answer.outputs.filter(({ name }) => request.isBinary(name)).map(({ bytes }) => bytes);
  return { body: Buffer.concat([json, ...binary]), jsonLength: json.byteLength };
}

/** Where the answer came from, by the names that gRPC has for it. */
function provenanceParameters({ provenance }: InferAnswer): Record<string, string | number> {
  const { sha256, provider, batchSize, decodeMs, queueMs, computeMs } = provenance;
  return {
    sha256,
    provider,
    batch_size: batchSize,
    decode_ms: decodeMs,
    queue_ms: queueMs,
    compute_ms: computeMs,
  };
}

function outputText({ name, datatype, shape, bytes }: InferOutput, isBinary: boolean): string {
  const head = JSON.stringify({
    name,
    datatype,
    shape,
    ...(isBinary && { parameters: { binary_data_size: bytes.byteLength } }),
  });
  if (isBinary) return head;
  return `${head.slice(0, -1)},"data":${jsonElements(datatype, bytes, `outputs.${name}`)}}`;
}

function checkJsonValues(outputs: readonly InferOutput[]): void {
  const values = outputs.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  if (values <= MAX_ARRAY_LLRS) return;
  const expected = `binary_data for more than ${MAX_ARRAY_LLRS} values`;
  const details = { field: 'outputs', expected, received: `JSON for ${values}` };
  throw new SpikingRxError(
    'PAYLOAD_TOO_LARGE',
    `outputs: expected ${expected}, received JSON for ${values}`,
    details,
  );
}
