/**
 * What the service tells of itself as it goes, once a second: the messages of its event stream. Times are in
 * milliseconds, memory in bytes; counts and times of a sample are of the second that it ends.
 */
import { type Static, Type } from 'typebox';

const Count = Type.Integer({ minimum: 0 });
const Value = Type.Number({ minimum: 0 });

/** Quantiles of the grids of that second; absent where there were none. */
const QuantilesSchema = Type.Object({ p50Ms: Value, p90Ms: Value, p99Ms: Value, maxMs: Value });

export const LiveSampleSchema = Type.Object({
  at: Type.Integer({ description: 'End of the second, milliseconds since 1970' }),
  grids: Type.Object({ answered: Count, failed: Count }),
  requests: Type.Object({ ended: Count, inFlight: Count }),
  errors: Type.Record(Type.String(), Count, { description: 'Requests and grids that failed, by error code' }),
  stages: Type.Object(
    {
      decode: Type.Optional(QuantilesSchema),
      queue: Type.Optional(QuantilesSchema),
      compute: Type.Optional(QuantilesSchema),
      encode: Type.Optional(QuantilesSchema),
      total: Type.Optional(QuantilesSchema),
    },
    { description: 'Time of grids in each stage, and from arrival to answer' },
  ),
  batches: Type.Record(Type.String(), Count, { description: 'Batches computed, by their grids' }),
  queue: Type.Object({ waitingGrids: Count, admittedGrids: Count, admittedBytes: Count, oldestMs: Value }),
  workers: Type.Object({ live: Count, busy: Count, restarts: Count }),
  eventLoop: Type.Object({ delayP99Ms: Value, utilisation: Type.Number({ minimum: 0, maximum: 1 }) }),
  memory: Type.Object({ residentBytes: Count, heapUsedBytes: Count }),
});
export type LiveSample = Static<typeof LiveSampleSchema>;

/** What changes seldom: sent first, and again when it changes. */
export const LiveServiceSchema = Type.Object({
  version: Type.String(),
  startedAt: Type.Integer({ description: 'Milliseconds since 1970' }),
  ready: Type.Boolean(),
  unready: Type.Optional(Type.String({ description: 'Why it is not ready' })),
  provider: Type.String({ description: 'Execution provider: cpu or cuda' }),
  workers: Count,
  limits: Type.Object({ maxQueuedGrids: Count, maxBatchGrids: Count }),
  models: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Type.String(),
      isDefault: Type.Boolean(),
      state: Type.String(),
      reason: Type.Optional(Type.String()),
      sha256: Type.Optional(Type.String()),
      modulation: Type.Optional(Type.String()),
      nRx: Type.Optional(Count),
      timeSteps: Type.Optional(Count),
    }),
  ),
});
export type LiveService = Static<typeof LiveServiceSchema>;

/** Sent once, after the first `service`: the seconds before, oldest first. */
export const LiveHistorySchema = Type.Object({ samples: Type.Array(LiveSampleSchema) });
export type LiveHistory = Static<typeof LiveHistorySchema>;

/** Names of the events, and what their data is. */
export interface LiveEvents {
  readonly service: LiveService;
  readonly history: LiveHistory;
  readonly sample: LiveSample;
}
