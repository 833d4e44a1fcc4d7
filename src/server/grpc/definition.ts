import type { MethodDefinition } from '@grpc/grpc-js';
import { encodeTimed } from '../../wire/bulk/codec.js';
import { WireReader } from '../../wire/bulk/reader.js';
import { delimited } from '../../wire/bulk/tags.js';
import type { ComputeLlrRequestMessage, StreamLlrResponseMessage } from '../../wire/messages.js';
import { llrServiceDefinition as wire } from '../../wire/proto.js';
import { invalid, SpikingRxError } from '../../errors.js';
import { maxRequestBytes, type Config } from '../config.js';
import { checkGridCount } from '../grids.js';
import { checkReportCount, MAX_REPORTS } from '../decode-reports.js';
import type { Requests } from '../telemetry/requests.js';
import type { AnswerTrailers } from './trailers.js';

/** What the decoder gives for bytes that are no message to be served. */
export class Refused {
  constructor(
    readonly failure: SpikingRxError,
    /** Of the grids to be answered with it; one empty id when they are not known. */
    readonly ids: readonly string[] = [''],
  ) {}
}

/** `grids` in the two request messages that have them. */
const GRIDS_TAG = delimited(3);
/** `reports` of `ReportDecodeRequest`. */
const REPORTS_TAG = delimited(1);
/** Beyond so many times the limit grids are not counted any further. */
const COUNTED_TIMES = 4;

/**
 * The service definition as the server uses it. A message that does not decode, or is too large, becomes
 * {@link Refused}, so that handlers can refuse it as the client's mistake: grpc-js would fail every other grid
 * of a stream with it. Grids are counted before they are decoded, because empty ones are two bytes on the wire
 * and an object each. Encoding of LLRs is timed.
 */
export function serverDefinition({ requests, config, trailers }: DefinitionParts) {
  const encoded = (answer: object, ms: number): void => {
    requests.encoded([answer], ms);
    trailers.encoded(answer, ms);
  };
  const streamed = ({ results }: StreamLlrResponseMessage, ms: number): void => requests.encoded(results, ms);
  return {
    ComputeLlr: {
      ...serverMethod(wire.ComputeLlr, guarded(wire.ComputeLlr.requestDeserialize, config)),
      responseSerialize: timed(encoded),
    },
    StreamLlr: {
      ...serverMethod(wire.StreamLlr, guarded(wire.StreamLlr.requestDeserialize, config)),
      responseSerialize: timed(streamed),
    },
    ReportDecode: serverMethod(wire.ReportDecode, counted(wire.ReportDecode.requestDeserialize)),
    GetModel: serverMethod(wire.GetModel, lenient(wire.GetModel.requestDeserialize)),
    ListModels: serverMethod(wire.ListModels, lenient(wire.ListModels.requestDeserialize)),
  };
}

export interface DefinitionParts {
  readonly requests: Requests;
  readonly config: Config;
  readonly trailers: AnswerTrailers;
}

export type Decode<Q> = (bytes: Buffer) => Q;

export function serverMethod<Q, A>(
  method: MethodDefinition<Q, A>,
  requestDeserialize: Decode<Q | Refused>,
): MethodDefinition<Q | Refused, A> {
  const requestSerialize = method.requestSerialize as (value: Q | Refused) => Buffer;
  return { ...method, requestSerialize, requestDeserialize };
}

function timed<A extends StreamLlrResponseMessage>(encoded: (answer: A, ms: number) => void) {
  return (answer: A): Buffer => {
    const { bytes, encodeMs } = encodeTimed(answer);
    encoded(answer, encodeMs);
    return bytes;
  };
}

export function lenient<Q>(decode: Decode<Q>): Decode<Q | Refused> {
  return (bytes) => {
    try {
      return decode(bytes);
    } catch (error) {
      if (error instanceof SpikingRxError) return new Refused(error);
      const received = `${bytes.byteLength} bytes that do not decode`;
      return new Refused(invalid('message', 'a protobuf message of the method', received));
    }
  };
}

function guarded<Q extends ComputeLlrRequestMessage>(decode: Decode<Q>, config: Config): Decode<Q | Refused> {
  const limit = maxRequestBytes(config);
  return lenient<Q | Refused>((bytes) => {
    const count = countOf(GRIDS_TAG, bytes, config.maxGridsPerRequest * COUNTED_TIMES);
    if (count > 0) checkGridCount(count, config);
    const message = decode(bytes);
    if (bytes.byteLength <= limit) return message;
    const ids = message.grids?.map(({ id }) => id ?? '') ?? [];
    return new Refused(tooLarge(limit, bytes.byteLength), ids.length > 0 ? ids : ['']);
  });
}

/** Reports are counted before they are decoded, as grids are. */
function counted<Q>(decode: Decode<Q>): Decode<Q | Refused> {
  return lenient<Q>((bytes) => {
    checkReportCount(countOf(REPORTS_TAG, bytes, MAX_REPORTS * COUNTED_TIMES));
    return decode(bytes);
  });
}

/** Fields of an undecoded message, counted up to one more than `most`. @throws where the bytes are no message. */
function countOf(wanted: number, bytes: Buffer, most: number): number {
  const reader = new WireReader(bytes);
  let count = 0;
  while (reader.more && count <= most) {
    const tag = reader.uint32();
    if (tag === wanted) count++;
    reader.skip(tag);
  }
  return count;
}

export function tooLarge(limit: number, bytes: number): SpikingRxError {
  const expected = `at most ${limit} bytes`;
  const received = `${bytes} bytes`;
  const details = { field: 'message', expected, received };
  return new SpikingRxError(
    'PAYLOAD_TOO_LARGE',
    `message: expected ${expected}, received ${received}`,
    details,
  );
}
