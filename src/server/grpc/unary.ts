import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type {
  ComputeLlrRequestMessage,
  ComputeLlrResponseMessage,
  GetModelRequestMessage,
  ListModelsResponseMessage,
  ModelMessage,
  ReportDecodeRequestMessage,
  ReportDecodeResponseMessage,
} from '../../wire/messages.js';
import type { SpikingRxError } from '../../errors.js';
import { answerTexts } from '../answer-texts.js';
import type { ServiceCore } from '../core.js';
import { checkGridCount } from '../grids.js';
import { clientOf, clientOfPeer } from '../client-key.js';
import { grpcStatus, toSpikingRxError } from '../errors.js';
import { describeModel } from '../model-json.js';
import type { RequestRecord } from '../telemetry/requests.js';
import { principalOf } from './access.js';
import { answerMetadata, beginCall, withAnswerMetadata } from './call.js';
import { Refused } from './definition.js';
import { modelMessage, priorityOf, requestSize, resultMessage, wireGrid } from './messages.js';
import { resetCall } from './reset-call.js';
import type { AnswerTrailers } from './trailers.js';

type Call<Q, A> = ServerUnaryCall<Q | Refused, A>;
export type Handler<Q, A> = (call: Call<Q, A>, callback: sendUnaryData<A>) => void;

/** The unary methods. */
export function unaryHandlers(parts: UnaryParts) {
  const { core, trailers } = parts;
  const serve = <Q, A extends object>(method: string, answer: Answer<Q, A>): Handler<Q, A> =>
    unary({ ...parts, method, answer });
  return {
    ComputeLlr: serve<ComputeLlrRequestMessage, ComputeLlrResponseMessage>(
      'ComputeLlr',
      async (request, context) => computeLlr(request, { ...context, core, trailers }),
    ),
    ReportDecode: serve<ReportDecodeRequestMessage, ReportDecodeResponseMessage>(
      'ReportDecode',
      async ({ reports = [] }, { client }) =>
        core.reports.report(
          client,
          reports.map(({ id = '', crcOk = false }) => ({ id, crcOk })),
        ),
    ),
    GetModel: serve<GetModelRequestMessage, ModelMessage>('GetModel', async ({ name, version }) =>
      modelMessage(describeModel(core.model(name, version), core.engine)),
    ),
    ListModels: serve<Record<string, never>, ListModelsResponseMessage>('ListModels', async () => ({
      models: core.engine.models().map((model) => modelMessage(describeModel(model, core.engine))),
    })),
  };
}

export interface UnaryParts {
  readonly core: ServiceCore;
  readonly trailers: AnswerTrailers;
}

export interface CallContext {
  readonly record: RequestRecord;
  /** Aborted when the call is over: the caller is gone, or has taken the whole answer. */
  readonly signal: AbortSignal;
  /** On the `performance.now()` clock; absent when the caller set none. */
  readonly deadlineMs: number | undefined;
  /** Whose call it is, for fairness. */
  readonly client: string;
  /** When the request had been read, on the same clock. */
  readonly receivedMs: number;
}

export type Answer<Q, A> = (request: Q, context: CallContext) => Promise<A>;

async function computeLlr(
  request: ComputeLlrRequestMessage,
  {
    core,
    record,
    trailers,
    signal,
    deadlineMs,
    client,
    receivedMs,
  }: CallContext & Pick<UnaryParts, 'core' | 'trailers'>,
): Promise<ComputeLlrResponseMessage> {
  const messages = request.grids ?? [];
  checkGridCount(messages.length, core.config);
  const permit = core.admit(requestSize(request, client));
  try {
    const model = core.llrModel(request.model, request.version);
    const priority = priorityOf(request);
    const grids = messages.map((grid, i) => wireGrid(grid, request, `grids[${i}]`));
    const answers = await core.grids.computeAll(grids, {
      record,
      model,
      signal,
      client,
      priority,
      receivedMs,
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
    const answer = { model: model.name, version: model.version, results: answers.map(resultMessage) };
    trailers.describe(answer, answerTexts(answers));
    return answer;
  } finally {
    // An answer that its caller does not take fills memory too.
    whenOver(signal, () => permit.release());
  }
}

/** When the call is over. */
export function whenOver(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}

/** Runs a method, turns what it throws into a status, and ends the call's record. */
export function unary<Q, A extends object>(
  method: UnaryParts & { readonly method: string; readonly answer: Answer<Q, A> },
): Handler<Q, A> {
  const { core, trailers } = method;
  const serve = async (call: Call<Q, A>, callback: sendUnaryData<A>): Promise<void> => {
    const receivedMs = performance.now();
    const record = beginCall(core, { call, method: method.method });
    const abort = new AbortController();
    const done = core.work.begun();
    // grpc-js says so of every call in the end: when its trailers are out, too.
    call.on('cancelled', () => {
      done();
      abort.abort();
    });
    let answer: A | null = null;
    let failure: SpikingRxError | undefined;
    try {
      if (call.request instanceof Refused) throw call.request.failure;
      answer = await method.answer(call.request, {
        record,
        signal: abort.signal,
        deadlineMs: deadlineOf(call.getDeadline()),
        client: clientOf(principalOf(call), () => clientOfPeer(call.getPeer())),
        receivedMs,
      });
    } catch (error) {
      failure = toSpikingRxError(error);
      if (failure.code === 'INTERNAL') record.fault(error);
    }
    // With an error they are its trailers: headers of their own would keep clients from trying again.
    if (failure) callback(withAnswerMetadata(grpcStatus(failure), record), null);
    else {
      call.sendMetadata(answerMetadata(record));
      if (answer) record.trace?.answeredBy(answer);
      callback(null, answer, answer ? trailers.of(answer) : undefined);
    }
    const stalled = setTimeout(() => {
      core.log.warn(record.line, 'call ended: its answer was not read');
      resetCall(call);
    }, core.config.requestTimeoutMs);
    whenOver(abort.signal, () => clearTimeout(stalled));
    // Encoding was a part of it.
    record.end(failure?.code ?? 'OK');
  };
  return (call, callback) => void serve(call, callback);
}

/** A gRPC deadline (wall clock) on the `performance.now()` clock. */
export function deadlineOf(deadline: Date | number): number | undefined {
  const wallMs = Number(deadline);
  return Number.isFinite(wallMs) ? performance.now() + (wallMs - Date.now()) : undefined;
}
