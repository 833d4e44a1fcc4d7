import protobuf from 'protobufjs';
import { invalid } from '../../../errors.js';

/** A parameter's value; 64-bit integers beyond 2^53 lose their last digits. */
export type ParameterValue = boolean | number | string;
export type Parameters = Readonly<Record<string, ParameterValue>>;

export interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  /** `InferTensorContents`, undecoded; by the rules of protobuf several count as one. */
  readonly contents: readonly Uint8Array[];
}

/** `ModelInferRequest` with the values of its tensors left as the bytes they came in: views of the message. */
export interface InferRequestMessage {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[];
  readonly rawContents: readonly Uint8Array[];
}

/** Inputs, outputs and raw contents of a request. */
const MAX_TENSORS = 256;
const MAX_DIMENSIONS = 16;
const MAX_PARAMETERS = 64;

const VARINT = 0;
const DELIMITED = 2;

type Reader = protobuf.Reader;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Decodes a `ModelInferRequest`. By hand, because the generated decoder makes an object of every 64-bit number: a
 * message of one megabyte could take a hundred. Here a message takes no more than its own bytes and a bounded number
 * of small objects.
 * @throws INVALID_ARGUMENT for more tensors, dimensions or parameters than are looked at; Error where the bytes are no
 *   such message.
 */
export function decodeInferRequest(bytes: Uint8Array): InferRequestMessage {
  const inputs: InputMessage[] = [];
  const outputs: { name: string; parameters: Parameters }[] = [];
  const rawContents: Uint8Array[] = [];
  const parameters: Record<string, ParameterValue> = {};
  const texts = { modelName: '', modelVersion: '', id: '' };
  readFields(protobuf.Reader.create(bytes), {
    [tag(1)]: (reader) => (texts.modelName = reader.string()),
    [tag(2)]: (reader) => (texts.modelVersion = reader.string()),
    [tag(3)]: (reader) => (texts.id = reader.string()),
    [tag(4)]: (reader) => readParameter(reader, parameters, 'parameters'),
    [tag(5)]: (reader) => add(inputs, readInput(reader, inputs.length), 'inputs'),
    [tag(6)]: (reader) => add(outputs, readOutput(reader, outputs.length), 'outputs'),
    [tag(7)]: (reader) => add(rawContents, reader.bytes(), 'raw_input_contents'),
  });
  return { ...texts, parameters, inputs, outputs, rawContents };
}

function readInput(outer: Reader, index: number): InputMessage {
  const field = `inputs[${index}]`;
  const shape: number[] = [];
  const parameters: Record<string, ParameterValue> = {};
  const contents: Uint8Array[] = [];
  const texts = { name: '', datatype: '' };
  const dimension = (reader: Reader): void => {
    if (shape.length === MAX_DIMENSIONS) throw tooMany(`${field}.shape`, MAX_DIMENSIONS);
    shape.push(integer(reader.int64()));
  };
  readFields(submessage(outer), {
    [tag(1)]: (reader) => (texts.name = reader.string()),
    [tag(2)]: (reader) => (texts.datatype = reader.string()),
    [tag(3)]: (reader) => {
      const packed = submessage(reader);
      while (packed.pos < packed.len) dimension(packed);
    },
    [tag(3, VARINT)]: dimension,
    [tag(4)]: (reader) => readParameter(reader, parameters, `${field}.parameters`),
    [tag(5)]: (reader) => add(contents, reader.bytes(), `${field}.contents`),
  });
  return { ...texts, shape, parameters, contents };
}

function readOutput(outer: Reader, index: number): { name: string; parameters: Parameters } {
  const parameters: Record<string, ParameterValue> = {};
  let name = '';
  readFields(submessage(outer), {
    [tag(1)]: (reader) => (name = reader.string()),
    [tag(2)]: (reader) => readParameter(reader, parameters, `outputs[${index}].parameters`),
  });
  return { name, parameters };
}

/** One entry of a map; a later one of the same key counts. */
function readParameter(outer: Reader, into: Writable<Parameters>, field: string): void {
  let key = '';
  let value: ParameterValue | undefined;
  readFields(submessage(outer), {
    [tag(1)]: (reader) => (key = reader.string()),
    [tag(2)]: (reader) => (value = readValue(reader)),
  });
  if (value === undefined) return;
  if (!Object.hasOwn(into, key) && Object.keys(into).length === MAX_PARAMETERS)
    throw tooMany(field, MAX_PARAMETERS);
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

function readValue(outer: Reader): ParameterValue | undefined {
  let value: ParameterValue | undefined;
  const DOUBLE = 1;
  readFields(submessage(outer), {
    [tag(1, VARINT)]: (reader) => (value = reader.bool()),
    [tag(2, VARINT)]: (reader) => (value = integer(reader.int64())),
    [tag(3)]: (reader) => (value = reader.string()),
    [tag(4, DOUBLE)]: (reader) => (value = reader.double()),
    [tag(5, VARINT)]: (reader) => (value = integer(reader.uint64())),
  });
  return value;
}

type Fields = Readonly<Record<number, (reader: Reader) => unknown>>;

function readFields(reader: Reader, fields: Fields): void {
  while (reader.pos < reader.len) {
    const found = reader.uint32();
    const read = fields[found];
    if (read) read(reader);
    else reader.skipType(found & 7);
  }
}

function tag(field: number, wireType = DELIMITED): number {
  return (field << 3) | wireType;
}

function submessage(reader: Reader): Reader {
  return protobuf.Reader.create(reader.bytes());
}

function integer({ low, high, unsigned }: protobuf.Long): number {
  return (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
}

function add<T>(list: T[], item: T, field: string): void {
  if (list.length === MAX_TENSORS) throw tooMany(field, MAX_TENSORS);
  list.push(item);
}

function tooMany(field: string, most: number) {
  return invalid(field, `at most ${most} entries`, 'more');
}
