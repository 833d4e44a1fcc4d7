import { Type, type Static } from 'typebox';
import { ERROR_CODES } from '../errors.js';
import { IQ_DATATYPE_NAMES } from '../iq.js';
import { DmrsConfigSchema } from '../nr/dmrs-schema.js';

/** Unknown keys are refused everywhere: what is misspelled must not be ignored. */
const closed = { additionalProperties: false } as const;

const IqDatatypeSchema = Type.Enum([...IQ_DATATYPE_NAMES], {
  description: 'Interleaved I, Q, little-endian: float32, int16 or IEEE half',
});
const Scale = Type.Number({
  exclusiveMinimum: 0,
  description: 'Samples are multiplied by it. Default 1, and 1/32768 for ci16_le',
});
const Base64 = Type.String({ contentEncoding: 'base64', description: 'Base64, padded, of the bytes' });

const RxSchema = Type.Object(
  {
    datatype: IqDatatypeSchema,
    shape: Type.Array(Type.Integer({ minimum: 0 }), {
      description: '[nRx, nSym, nSc]; nSc is a multiple of 12, subcarriers ascending in frequency',
      maxItems: 8,
    }),
    data: Base64,
    scale: Type.Optional(Scale),
  },
  { ...closed, description: 'Received resource grid, after CP removal and FFT' },
);

const DmrsTensorSchema = Type.Object(
  {
    datatype: IqDatatypeSchema,
    shape: Type.Array(Type.Integer({ minimum: 0 }), { description: '[nSym, nSc]', maxItems: 8 }),
    data: Base64,
    scale: Type.Optional(Scale),
    cdmGroupsWithoutData: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2,
        description: '1 (default): only pilots carry no data. 2: symbols with pilots hold no data at all',
      }),
    ),
  },
  { ...closed, description: 'The known pilots themselves, zero where there is none' },
);

/** Most LLRs of an answer written as JSON numbers, which takes a millisecond for every 1500 of them. */
export const MAX_ARRAY_LLRS = 65_536;

export const OutputSchema = Type.Object(
  {
    datatype: Type.Optional(Type.Enum(['f32', 'f16', 'i8'], { description: 'Default f32' })),
    layout: Type.Optional(
      Type.Enum(['codeword', 'grid'], {
        description:
          'codeword (default): [G], data elements frequency first, then symbols, b0 … b(Qm−1) each. grid: [Qm, nSym, nSc]',
      }),
    ),
    encoding: Type.Optional(
      Type.Enum(['base64', 'array'], {
        description: `Form of llr.data. Default base64. array: numbers, for at most ${MAX_ARRAY_LLRS} LLRs`,
      }),
    ),
    scale: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description:
          'LLRs are multiplied by it before conversion; i8 then rounds and saturates at ±127. Default 1',
      }),
    ),
    polarity: Type.Optional(
      Type.Enum(['p0_over_p1', 'p1_over_p0'], {
        description: 'p0_over_p1 (default): ln P(b=0)/P(b=1), positive means 0',
      }),
    ),
  },
  closed,
);

const TimeoutMs = Type.Integer({
  minimum: 1,
  description: 'Give up after so many milliseconds (at most the limit of the service)',
});

const DeadlineUs = Type.Integer({
  minimum: 1,
  maximum: 4_294_967_295,
  description:
    'Of use for so many microseconds, from when the request has been read or, with slotTiming, from the start of the slot; the earliest deadline is served first',
});

const SlotTimingSchema = Type.Object(
  {
    frame: Type.Integer({ minimum: 0, maximum: 1023, description: 'System frame number' }),
    slot: Type.Integer({ minimum: 0, maximum: 639, description: 'In the frame: 0 … 10·2^numerology − 1' }),
    numerology: Type.Integer({ minimum: 0, maximum: 6, description: 'Slots of 1 ms / 2^numerology' }),
  },
  {
    ...closed,
    description:
      "The slot that the grid was received in; without deadlineUs the service's slotBudgetUs counts",
  },
);

const Priority = Type.Enum(['normal', 'high'], {
  description: 'high gets four times the share of normal where both wait. Default normal',
});

export const LlrJsonBodySchema = Type.Object(
  {
    model: Type.Optional(Type.String({ minLength: 1, description: 'Default: the default model' })),
    version: Type.Optional(
      Type.String({ minLength: 1, description: 'Default: the highest version, unless another is set' }),
    ),
    grids: Type.Array(
      Type.Object(
        {
          id: Type.String({ minLength: 1, maxLength: 256, description: 'Echoed; unique in the request' }),
          rx: RxSchema,
          dmrs: Type.Union([DmrsTensorSchema, Type.Object({ config: DmrsConfigSchema }, closed)]),
          deadlineUs: Type.Optional(DeadlineUs),
          slotTiming: Type.Optional(SlotTimingSchema),
        },
        closed,
      ),
      { minItems: 1 },
    ),
    output: Type.Optional(OutputSchema),
    timeoutMs: Type.Optional(TimeoutMs),
    priority: Type.Optional(Priority),
  },
  { ...closed, description: 'Received grids and their pilots' },
);
export type LlrJsonBody = Static<typeof LlrJsonBodySchema>;

/** Describes a binary request; all its grids have one shape, datatype and form of DMRS. */
export const LlrQuerySchema = Type.Object(
  {
    model: Type.Optional(Type.String({ minLength: 1 })),
    version: Type.Optional(Type.String({ minLength: 1 })),
    grids: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Number of grids. Default: as the body holds' }),
    ),
    ids: Type.Optional(Type.String({ description: 'Comma-separated. Default 0, 1, 2, …' })),
    shape: Type.Optional(
      Type.String({ pattern: '^\\d{1,6}(,\\d{1,6}){2}$', description: 'nRx,nSym,nSc. Required' }),
    ),
    datatype: Type.Optional(Type.Enum([...IQ_DATATYPE_NAMES], { description: 'Of rx. Default cf32_le' })),
    scale: Type.Optional(Scale),
    dmrsDatatype: Type.Optional(Type.Enum([...IQ_DATATYPE_NAMES], { description: 'Default: as rx' })),
    dmrsScale: Type.Optional(Scale),
    cdmGroupsWithoutData: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 })),
    dmrsConfig: Type.Optional(
      Type.String({
        description: 'DMRS configuration as JSON; then no pilot bytes follow the rx bytes of a grid',
      }),
    ),
    outputDatatype: Type.Optional(OutputSchema.properties.datatype),
    outputLayout: Type.Optional(OutputSchema.properties.layout),
    outputPolarity: Type.Optional(OutputSchema.properties.polarity),
    outputScale: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    timeoutMs: Type.Optional(TimeoutMs),
    deadlineUs: Type.Optional(DeadlineUs),
    slotTiming: Type.Optional(
      Type.String({ pattern: '^\\d{1,4}(,\\d{1,4}){2}$', description: 'frame,slot,numerology' }),
    ),
    priority: Type.Optional(Priority),
  },
  closed,
);
export type LlrQuery = Static<typeof LlrQuerySchema>;

export const TimingSchema = Type.Object({
  decodeMs: Type.Number(),
  queueMs: Type.Number(),
  computeMs: Type.Number(),
  encodeMs: Type.Number({
    description: 'To convert the LLRs; header x-spikingrx-encode-ms has the whole message',
  }),
  batchSize: Type.Integer({ description: 'Grids that ran together' }),
  slackUs: Type.Optional(
    Type.Number({
      description:
        'With a deadline: microseconds expected to be left to it when the batch was sent; negative when expected late',
    }),
  ),
});

export const ProvenanceSchema = Type.Object(
  {
    sha256: Type.String({ description: 'Of the model file' }),
    provider: Type.String({ description: 'Execution provider' }),
  },
  { description: 'What computed the LLRs, beside model and version' },
);

export const QualitySchema = Type.Object(
  {
    estimatedSnrDb: Type.Optional(
      Type.Number({ description: 'Signal-to-noise ratio, from the pilots; absent where they are too few' }),
    ),
    meanAbsLlr: Type.Number({ description: 'Mean magnitude of the LLRs, before output.scale' }),
    saturatedFraction: Type.Number({ description: 'Share of values at the limits of their datatype' }),
  },
  { description: 'How good the signal was, and how sure the receiver' },
);

export const LlrJsonAnswerSchema = Type.Object({
  model: Type.String(),
  version: Type.String(),
  results: Type.Array(
    Type.Object({
      id: Type.String(),
      llr: Type.Object({
        datatype: Type.Enum(['f32', 'f16', 'i8']),
        shape: Type.Array(Type.Integer()),
        data: Type.Union([Type.String({ contentEncoding: 'base64' }), Type.Array(Type.Number())]),
      }),
      timing: TimingSchema,
      provenance: ProvenanceSchema,
      quality: QualitySchema,
    }),
  ),
});
export type LlrJsonAnswer = Static<typeof LlrJsonAnswerSchema>;

const TensorInfoSchema = Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Union([Type.Integer(), Type.String()])),
});

export const ModelSchema = Type.Object({
  name: Type.String(),
  version: Type.String(),
  ready: Type.Boolean(),
  isDefault: Type.Boolean({ description: 'Serves requests that name no model' }),
  sha256: Type.String({ description: 'Of the model file' }),
  provider: Type.String({ description: 'Execution provider in use' }),
  providerRequested: Type.String({ description: 'Execution provider asked for: cpu, cuda or auto' }),
  providerFallback: Type.Optional(Type.String({ description: 'Why auto fell back to the CPU' })),
  nRx: Type.Integer({ description: '0, as bitsPerSymbol, for a model that takes tensors and no grids' }),
  bitsPerSymbol: Type.Integer(),
  modulation: Type.Optional(Type.String()),
  inputs: Type.Array(TensorInfoSchema),
  outputs: Type.Array(TensorInfoSchema),
  config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type ModelJson = Static<typeof ModelSchema>;

export const ErrorSchema = Type.Object(
  {
    error: Type.Object({
      code: Type.Enum([...ERROR_CODES]),
      message: Type.String(),
      field: Type.Optional(Type.String({ description: 'Path of the offending field' })),
      expected: Type.Optional(Type.String()),
      received: Type.Optional(Type.String()),
      retryAfterMs: Type.Optional(Type.Integer()),
    }),
  },
  { description: 'The form of every error' },
);
