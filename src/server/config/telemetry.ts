import { integer } from './kinds.js';

/** What is remembered of answers for those who report on them. */
export const telemetrySettings = {
  maxReportableGrids: integer('Answers remembered for reports of decoding; 0 remembers none', {
    default: 65_536,
    minimum: 0,
    maximum: 2 ** 22,
  }),
  reportWindowMs: integer('How long after its answer a grid may be reported on', {
    default: 60_000,
    minimum: 1,
    maximum: 3_600_000,
  }),
};
