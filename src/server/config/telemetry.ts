import { Type } from 'typebox';
import { integer } from './kinds.js';

/** What is kept of answers: for reports on them, and on disk. */
export const telemetrySettings = {
  maxReportableGrids: integer(
    'About how many answers are remembered for reports of decoding; 0 remembers none',
    {
      default: 65_536,
      minimum: 0,
      maximum: 2 ** 22,
    },
  ),
  reportWindowMs: integer('How long after its answer a grid may be reported on', {
    default: 60_000,
    minimum: 1,
    maximum: 3_600_000,
  }),
  captureDir: Type.Optional(
    Type.String({
      description: 'Folder, of this process alone, for captured grids and LLRs (default: none are captured)',
      minLength: 1,
    }),
  ),
  captureSample: Type.Number({
    description: 'With captureDir: share of the answered grids that are captured',
    default: 0.01,
    minimum: 0,
    maximum: 1,
  }),
  captureMaxBytes: integer('With captureDir: most bytes of all captures; the oldest go first', {
    default: 2 ** 30,
    minimum: 2 ** 20,
    maximum: Number.MAX_SAFE_INTEGER,
  }),
};
