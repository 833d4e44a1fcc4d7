/**
 * What the service tells of itself as it goes, once a second: the messages of its event stream. Times are in
 * milliseconds, memory in bytes; counts and times of a sample are of the period that it ends, about a second.
 */
import { type Static, Type } from 'typebox';

const Count = Type.Integer({ minimum: 0 });
const Value = Type.Number({ minimum: 0 });

/** Quantiles of what passed the stage in that period, to within 1 %; absent where there was nothing. */
const QuantilesSchema = Type.Object({ p50Ms: Value, p90Ms: Value, p99Ms: Value, maxMs: Value });

export const LiveSampleSchema = Type.Object({
  at: Type.Integer({ description: 'End of the period, milliseconds since 1970' }),
  periodMs: Type.Number({
    exclusiveMinimum: 0,
    description:
      'Length of the period: a rate is a count by it. Longer than a second where the service was too busy',
  }),
  grids: Type.Object({ answered: Count, failed: Count }),
  requests: Type.Object({ ended: Count, inFlight: Count }),
  errors: Type.Record(Type.String(), Count, {
    description: 'Grids that failed, and requests that failed without any, by error code',
  }),
  stages: Type.Object(
    {
      decode: Type.Optional(QuantilesSchema),
      queue: Type.Optional(QuantilesSchema),
      compute: Type.Optional(QuantilesSchema),
      encode: Type.Optional(QuantilesSchema),
      total: Type.Optional(QuantilesSchema),
    },
    {
      description:
        'Times of grids in decode, queue and compute, of messages in encode; total is from a whole message to the LLRs of its grids',
    },
  ),
  batches: Type.Record(Type.String(), Count, { description: 'Batches computed, by their grids' }),
  queue: Type.Object({ waitingGrids: Count, admittedGrids: Count, admittedBytes: Count, oldestMs: Value }),
  workers: Type.Object({
    live: Count,
    busy: Type.Number({ minimum: 0, description: 'How many ran a batch, on average over the period' }),
    restarts: Count,
  }),
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
  latestRequest: Type.Boolean({ description: 'Whether the latest grid is kept to be looked at' }),
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

/** Both at once, for those who ask for JSON. */
export const LiveSnapshotSchema = Type.Object({
  service: LiveServiceSchema,
  samples: Type.Array(LiveSampleSchema),
});
export type LiveSnapshot = Static<typeof LiveSnapshotSchema>;

/** Names of the events, and what their data is. */
export interface LiveEvents {
  readonly service: LiveService;
  readonly history: LiveHistory;
  readonly sample: LiveSample;
}

/** What of the dashboard's data is on the port that its page came from: all, but with `adminPort`. */
export interface DashboardPort {
  /** `/v1/live` and what is below it. */
  readonly liveData: boolean;
  /** Models, and LLRs and spikes of grids. */
  readonly grids: boolean;
}
