import { ELEMENT_BYTES } from '../../engine/elements.js';
import type { ModelInfo, NamedTensor, TensorInfo } from '../../engine/types.js';
import { invalid, SpikingRxError } from '../../errors.js';
import { maxLlrBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { toSpikingRxError } from '../errors.js';
import { provenanceOf, type Provenance } from '../provenance.js';
import type { RequestRecord } from '../telemetry/requests.js';
import type { Trace } from '../telemetry/tracing.js';
import { DATATYPES, elementType, type Datatype } from './datatypes.js';
import { namedModel } from './metadata.js';

/** An input as it came: names and numbers are what the client wrote. */
export interface InferInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Little-endian, row-major, without gaps. Stays as it is until the answer. */
  readonly data: Uint8Array;
}

/** One inference of the Open Inference Protocol, over whatever transport. */
export interface InferRequest {
  readonly model: string;
  /** The service's choice when empty. */
  readonly version?: string | undefined;
  readonly id?: string | undefined;
  readonly inputs: readonly InferInput[];
  /** Names; all that the model has when empty. */
  readonly outputs?: readonly string[];
  /** Those of the schedule policy extension have an effect; others are the client's own. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface InferContext {
  readonly record: RequestRecord;
  /** Of this request alone, on a stream; the record's own when left out. */
  readonly trace?: Trace | undefined;
  readonly signal: AbortSignal;
  /** Whose request it is, for fairness. */
  readonly client: string;
  /** The transport's own deadline, on the `performance.now()` clock. */
  readonly deadlineMs?: number | undefined;
  /** When the request had been read, on the same clock. */
  readonly receivedMs: number;
}

export interface InferOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface InferAnswer {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly outputs: readonly InferOutput[];
  readonly provenance: Provenance;
}

/**
 * Validates, computes and counts one request that has room: each entry along the batch axis is a row of the batcher,
 * and all are answered together.
 * @param read translates the transport's message; what it throws fails the request.
 * @throws NOT_FOUND, INVALID_ARGUMENT, PAYLOAD_TOO_LARGE, DEADLINE_EXCEEDED, CANCELLED, …
 */
export async function inferAdmitted(
  core: ServiceCore,
  read: () => InferRequest,
  context: InferContext & { readonly rows: number },
): Promise<InferAnswer> {
  const { record, rows } = context;
  try {
    const answer = await compute(core, read(), context);
    core.grids.answered(context, rows);
    return answer;
  } catch (error) {
    const failure = toSpikingRxError(error);
    core.grids.ended(record, failure.code, rows);
    throw failure;
  }
}

async function compute(
  core: ServiceCore,
  request: InferRequest,
  context: InferContext,
): Promise<InferAnswer> {
  const { client, signal, receivedMs, record } = context;
  const trace = context.trace ?? record.trace;
  // A stream began long before its message.
  if (!context.trace) trace?.stage('admission', { startMs: record.startMs, endMs: receivedMs });
  const model = namedModel(core, request.model, request.version);
  const inputs = request.inputs.map((input) => namedTensor(input, model));
  checkAnswerBytes(knownAnswerBytes(model, inputs, request.outputs), core);
  const endMs = performance.now();
  const decodeMs = endMs - receivedMs;
  core.metrics.stage('decode', decodeMs);
  trace?.decoded({ model: model.name, version: model.version }, { startMs: receivedMs, endMs });
  const result = await core.engine.infer({
    id: request.id ?? '',
    model: model.name,
    version: model.version,
    instance: model.instance,
    inputs,
    ...(request.outputs && { outputs: request.outputs }),
    ...terms(core, request.parameters ?? {}, context),
    client,
    signal,
    watched: trace?.watched,
  });
  checkAnswerBytes(
    result.outputs.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
    core,
  );
  return {
    id: result.id,
    model: result.model,
    version: result.version,
    outputs: result.outputs.map(({ type, ...output }) => ({ ...output, datatype: DATATYPES[type] })),
    provenance: provenanceOf(result, { provider: model.provider, decodeMs }),
  };
}

/**
 * Rows of the batcher that a request takes, for admission.
 * @throws NOT_FOUND; PAYLOAD_TOO_LARGE for more than a request may bring.
 */
export function inferRows(
  core: ServiceCore,
  request: Pick<InferRequest, 'model' | 'version'> & {
    readonly inputs: readonly { shape: readonly number[] }[];
  },
): number {
  const { batched } = namedModel(core, request.model, request.version);
  const first = request.inputs[0]?.shape[0] ?? 1;
  // What is no size is refused with the other shapes.
  if (!batched || !Number.isSafeInteger(first) || first < 1) return 1;
  const limit = core.config.maxGridsPerRequest;
  if (first <= limit) return first;
  const details = { field: 'inputs', expected: `at most ${limit} rows`, received: String(first) };
  throw new SpikingRxError(
    'PAYLOAD_TOO_LARGE',
    `inputs: expected at most ${limit} rows, received ${first}`,
    details,
  );
}

/** Names of datatypes are the protocol's here; what else does not fit, the engine says. */
function namedTensor({ name, datatype, shape, data }: InferInput, model: ModelInfo): NamedTensor {
  const field = `inputs.${name.slice(0, 256)}.datatype`;
  const type = elementType(datatype, field);
  const expected = model.inputs.find((input) => input.name === name)?.datatype;
  if (expected !== undefined && expected !== type) throw invalid(field, DATATYPES[expected], datatype);
  return { name, type, shape, bytes: data };
}

/** `timeout` in microseconds and `priority`, 1 for the highest; 0 of either is as if it were left out. */
function terms(core: ServiceCore, parameters: Readonly<Record<string, unknown>>, context: InferContext) {
  const timeoutUs = wholeParameter(parameters, 'timeout');
  const limitMs = core.config.requestTimeoutMs;
  const own = context.receivedMs + Math.min(limitMs, timeoutUs === 0 ? limitMs : timeoutUs / 1000);
  return {
    deadlineMs: Math.min(own, context.deadlineMs ?? own),
    priority: wholeParameter(parameters, 'priority') === 1 ? 'high' : 'normal',
  } as const;
}

function wholeParameter(parameters: Readonly<Record<string, unknown>>, name: string): number {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : 0;
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw invalid(`parameters.${name}`, 'a whole number of at least 0', String(value).slice(0, 40));
}

/** Bytes of those outputs whose sizes the file and the inputs tell; the others show after the run. */
function knownAnswerBytes(
  model: ModelInfo,
  inputs: readonly NamedTensor[],
  wanted: readonly string[] = [],
): number {
  const sizes = new Map<string, number>();
  for (const { name, shape } of model.inputs) {
    const sent = inputs.find((input) => input.name === name)?.shape ?? [];
    for (const [axis, size] of shape.entries())
      if (typeof size === 'string') sizes.set(size, sent[axis] ?? 0);
  }
  return model.outputs
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .reduce((sum, { shape, datatype }) => sum + tensorBytes(shape, datatype, sizes), 0);
}

function tensorBytes(
  shape: TensorInfo['shape'],
  datatype: TensorInfo['datatype'],
  sizes: ReadonlyMap<string, number>,
): number {
  const elements = shape.reduce<number>(
    (product, size) => product * (typeof size === 'number' ? size : (sizes.get(size) ?? 0)),
    1,
  );
  return elements * ELEMENT_BYTES[datatype];
}

/** @throws PAYLOAD_TOO_LARGE */
function checkAnswerBytes(bytes: number, core: ServiceCore): void {
  const limit = maxLlrBytes(core.config);
  if (bytes <= limit) return;
  const expected = `at most ${limit} bytes (fewer rows, or fewer outputs)`;
  throw new SpikingRxError('PAYLOAD_TOO_LARGE', `outputs: expected ${expected}, received ${bytes} bytes`, {
    field: 'outputs',
    expected,
    received: `${bytes} bytes`,
  });
}
