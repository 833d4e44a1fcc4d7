/** The metadata of a recording of resource grids: SigMF 1.x with the extension `spikingrx`, see docs/reference/dumps.md. */
import { type Static, Type } from 'typebox';
import { IQ_DATATYPE_NAMES } from '../../iq.js';
import { DmrsConfigSchema } from '../../nr/dmrs-schema.js';
import { MODULATIONS } from '../../nr/qam.js';

/** Version of SigMF that is written. */
export const SIGMF_VERSION = '1.2.0';
/** The extension as declared in `core:extensions`. Its second and third number may grow compatibly. */
export const EXTENSION = { name: 'spikingrx', version: '1.0.0', optional: false } as const;

const Index = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

const ExtensionSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    version: Type.String({ minLength: 1 }),
    optional: Type.Boolean(),
  },
  { additionalProperties: false },
);

/** Other keys of `core:` and of other namespaces are allowed, as SigMF has it; none of `spikingrx:` but these. */
const GlobalSchema = Type.Object({
  'core:datatype': Type.Enum([...IQ_DATATYPE_NAMES], { description: 'cf16_le, IEEE half, is ours' }),
  'core:version': Type.String({ pattern: '^1\\.\\d+\\.\\d+$', description: 'Version of SigMF, 1.x' }),
  'core:num_channels': Type.Optional(
    Type.Integer({ minimum: 1, maximum: 64, description: 'Receive antennas. Default 1' }),
  ),
  'core:sha512': Type.Optional(
    Type.String({ pattern: '^[0-9a-fA-F]{128}$', description: 'Of the samples, checked when there' }),
  ),
  'core:offset': Type.Optional(Type.Integer({ minimum: 0, maximum: 0 })),
  'core:trailing_bytes': Type.Optional(Type.Integer({ minimum: 0, maximum: 0 })),
  'core:metadata_only': Type.Optional(Type.Literal(false)),
  'core:extensions': Type.Array(ExtensionSchema, { minItems: 1 }),
  'spikingrx:symbols': Type.Integer({ minimum: 1, maximum: 14, description: 'OFDM symbols of a grid' }),
  'spikingrx:subcarriers': Type.Integer({
    minimum: 12,
    maximum: 3276,
    multipleOf: 12,
    description: 'Subcarriers of a grid, ascending in frequency',
  }),
  'spikingrx:modulation': Type.Enum([...MODULATIONS]),
  'spikingrx:scale': Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      description: 'Samples are multiplied by it. Default 1, and 1/32768 for ci16_le',
    }),
  ),
  'spikingrx:dmrs': Type.Optional(DmrsConfigSchema),
});

const CaptureSchema = Type.Object({
  'core:sample_start': Index,
  'core:header_bytes': Type.Optional(Type.Integer({ minimum: 0, maximum: 0 })),
  'spikingrx:dmrs': Type.Optional(DmrsConfigSchema),
});

const AnnotationSchema = Type.Object({
  'core:sample_start': Index,
  'core:sample_count': Type.Optional(Index),
});

export const RecordingSchema = Type.Object(
  {
    global: GlobalSchema,
    captures: Type.Array(CaptureSchema),
    annotations: Type.Array(AnnotationSchema),
  },
  { additionalProperties: false },
);
export type RecordingMetadata = Static<typeof RecordingSchema>;
export type CaptureMetadata = Static<typeof CaptureSchema>;

/** Keys of the extension, by object. */
export const EXTENSION_KEYS = {
  global: Object.keys(GlobalSchema.properties).filter((key) => key.startsWith('spikingrx:')),
  capture: ['spikingrx:dmrs'],
} as const;
