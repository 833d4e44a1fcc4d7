import { Type } from 'typebox';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What is logged. */
export const loggingSettings = {
  logLevel: Type.Enum([...LOG_LEVELS], {
    description: 'Least severe log lines to write',
    default: 'info',
  }),
  accessLogSample: Type.Number({
    description: 'Share of successful requests that are logged; failed ones always are',
    default: 0.01,
    minimum: 0,
    maximum: 1,
  }),
  logPretty: Type.Boolean({ description: 'Log for people instead of JSON lines', default: false }),
};
