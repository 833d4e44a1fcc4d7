import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { invalid } from '../../errors.js';
import { schemaError } from '../../schema-error.js';
import { encodeElements } from '../oip/elements.js';
import type { InferInput, InferRequest } from '../oip/infer.js';
import { refuseUnserved, type Parameters } from '../oip/parameters.js';
import { checkJsonStructure } from './json-structure.js';

/** Most values of a request written as JSON, all its inputs together: some 10 ms of parsing. */
export const MAX_JSON_VALUES = 131_072;
/** Names, shapes and parameters. */
const TOKENS_AROUND_VALUES = 4096;
const BUDGET = {
  tokens: MAX_JSON_VALUES + TOKENS_AROUND_VALUES,
  purpose: `${MAX_JSON_VALUES} values; binary data takes more`,
};

const ParametersSchema = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Those that mean nothing to the service are the client’s own',
});

/** Not looked at here: the validator takes 70 ms for as many values as are allowed. */
const Values = Type.Unsafe<readonly unknown[]>({
  type: 'array',
  description: 'Flat, or nested as the shape is',
});

export const InferBodySchema = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 256, description: 'Echoed' })),
    inputs: Type.Array(
      Type.Object({
        name: Type.String(),
        datatype: Type.String({ description: 'BOOL, UINT8 … UINT64, INT8 … INT64, FP16, FP32 or FP64' }),
        shape: Type.Array(Type.Integer({ minimum: 0 }), { maxItems: 16 }),
        data: Type.Optional(Values),
        parameters: Type.Optional(ParametersSchema),
      }),
      { maxItems: 256 },
    ),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), parameters: Type.Optional(ParametersSchema) }), {
        maxItems: 256,
      }),
    ),
    parameters: Type.Optional(ParametersSchema),
  },
  { description: 'An inference request of the Open Inference Protocol' },
);
type InferBody = Static<typeof InferBodySchema>;
type InputBody = InferBody['inputs'][number];

/** A request as REST brings it, and in which form its outputs are to be answered. */
export interface RestInferRequest extends Omit<InferRequest, 'model' | 'version'> {
  isBinary(output: string): boolean;
}

/**
 * Reads a body: JSON, and behind its first `jsonLength` bytes the binary data of those inputs that have it there.
 * Binary data are views of the body.
 * @param header value of `Inference-Header-Content-Length`; all is JSON without it.
 * @throws INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function readInferBody(body: Buffer, header: string | undefined): RestInferRequest {
  const jsonLength = header === undefined ? body.byteLength : lengthOf(header, body.byteLength);
  const json = parseObject(body.subarray(0, jsonLength));
  const binary = new BinaryData(body.subarray(jsonLength));
  const inputs = json.inputs.map((input) => readInput(input, binary));
  binary.requireEnd();
  const outputs = json.outputs ?? [];
  for (const [i, { parameters }] of outputs.entries()) refuseUnserved(parameters, `outputs[${i}].parameters`);
  const byDefault = flag(json.parameters, 'binary_data_output', 'parameters') ?? false;
  const forms = new Map(
    outputs.map(({ name, parameters }, i) => [
      name,
      flag(parameters, 'binary_data', `outputs[${i}].parameters`) ?? byDefault,
    ]),
  );
  return {
    ...(json.id !== undefined && { id: json.id }),
    ...(json.parameters && { parameters: json.parameters }),
    inputs,
    outputs: outputs.map(({ name }) => name),
    isBinary: (output) => forms.get(output) ?? byDefault,
  };
}

function lengthOf(header: string, most: number): number {
  const length = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (length <= most) return length;
  throw invalid(
    'Inference-Header-Content-Length',
    `a length of at most ${most} bytes, those of the body`,
    header.slice(0, 40),
  );
}

function parseObject(bytes: Buffer): InferBody {
  checkJsonStructure(bytes, BUDGET);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('body', 'an inference request as JSON', bytes.byteLength === 0 ? 'nothing' : 'broken JSON');
  }
  if (Value.Check(InferBodySchema, json)) return json;
  throw schemaError(Value.Errors(InferBodySchema, json), json, 'body');
}

function readInput(input: InputBody, binary: BinaryData): InferInput {
  const { name, datatype, shape, data, parameters } = input;
  const field = `inputs.${name.slice(0, 256)}`;
  refuseUnserved(parameters, `${field}.parameters`);
  const size = parameters?.['binary_data_size'];
  if (size !== undefined) {
    if (data !== undefined) throw invalid(`${field}.data`, 'no data beside binary_data_size', 'both');
    return { name, datatype, shape, data: binary.take(size, `${field}.parameters.binary_data_size`) };
  }
  if (data === undefined) throw invalid(`${field}.data`, 'values, or parameters.binary_data_size', 'none');
  return { name, datatype, shape, data: encodeElements(datatype, flat(data, shape, field), `${field}.data`) };
}

function flag(parameters: Parameters | undefined, name: string, field: string): boolean | undefined {
  const value = parameters?.[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${field}.${name}`, 'true or false', typeof value);
}

/** The values in row-major order, from a flat list or from lists nested as the shape is. */
function flat(data: readonly unknown[], shape: readonly number[], field: string): readonly unknown[] {
  if (!Array.isArray(data[0])) return data;
  const values: unknown[] = [];
  const add = (list: readonly unknown[], axis: number): void => {
    if (list.length !== shape[axis]) {
      const expected = `lists of ${shape[axis] ?? 0} at depth ${axis + 1}, nested as shape [${shape.join(', ')}] is`;
      throw invalid(`${field}.data`, expected, `one of ${list.length}`);
    }
    if (axis === shape.length - 1) for (const value of list) values.push(value);
    else for (const inner of list) add(Array.isArray(inner) ? inner : [], axis + 1);
  };
  add(data, 0);
  return values;
}

/** What follows the JSON, in the order of the inputs that have their data there. */
class BinaryData {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  take(size: unknown, field: string): Buffer {
    const left = this.bytes.byteLength - this.#offset;
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > left)
      throw invalid(
        field,
        `a number of bytes, at most the ${left} that are left of the body`,
        String(size).slice(0, 40),
      );
    this.#offset += size;
    return this.bytes.subarray(this.#offset - size, this.#offset);
  }

  requireEnd(): void {
    const left = this.bytes.byteLength - this.#offset;
    if (left > 0)
      throw invalid('body', 'a binary_data_size for all bytes behind the JSON', `${left} more bytes`);
  }
}
