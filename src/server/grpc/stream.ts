import type { ServerDuplexStream } from '@grpc/grpc-js';
import type {
  GridResultMessage,
  StreamLlrRequestMessage,
  StreamLlrResponseMessage,
} from '../../wire/messages.js';
import { invalid } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import type { Compute, StreamContext, StreamKind } from './stream-kind.js';
import type { Refused } from './definition.js';
import { errorMessage, priorityOf, requestSize, resultMessage, wireGrid, wireTerms } from './messages.js';

export type StreamCall = ServerDuplexStream<StreamLlrRequestMessage | Refused, StreamLlrResponseMessage>;

/** Answers of one message stay below this, because foreign clients accept 4 MiB unless told otherwise. */
const MAX_MESSAGE_BYTES = 2 ** 20;
/** Timing, provenance, quality, model and version, code, and the framing of all of it. */
const BYTES_AROUND_A_RESULT = 256;

/** `StreamLlr`: each grid of a message is a request of its own. */
export function llrStream(
  core: ServiceCore,
): StreamKind<StreamLlrRequestMessage, StreamLlrResponseMessage, GridResultMessage> {
  return {
    method: 'StreamLlr',
    isOrdered: ({ ordered }) => ordered ?? false,
    ids: ({ grids = [] }) => {
      if (grids.length === 0) throw invalid('grids', 'at least one grid', 'none');
      return grids.map(({ id }) => id ?? '');
    },
    idField: (index) => `grids[${index}].id`,
    size: requestSize,
    patienceMs: (message) =>
      (message.grids ?? []).map((grid) => core.deadlines.patienceMs(wireTerms(grid, message))),
    prepare: (message, context) => computeGrids(core, message, context),
    failed: errorMessage,
    message: (results) => ({ results }),
    sizeOf,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  };
}

function computeGrids(
  core: ServiceCore,
  message: StreamLlrRequestMessage,
  context: StreamContext,
): Compute<GridResultMessage> {
  const model = core.llrModel(message.model, message.version);
  const priority = priorityOf(message);
  return async (index, trace) => {
    const field = `grids[${index}]`;
    const read = () => wireGrid(message.grids![index]!, message, field);
    return resultMessage(await core.grids.compute(read, { ...context, priority, trace, model, field }));
  };
}

/** About what a result takes on the wire; texts in UTF-8 are at most three bytes a unit. */
function sizeOf({ id, llr, error }: GridResultMessage): number {
  const texts = [id, error?.message, error?.field, error?.expected, error?.received];
  const units = texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  return BYTES_AROUND_A_RESULT + 3 * units + (llr?.data.byteLength ?? 0) + 5 * (llr?.shape?.length ?? 0);
}
