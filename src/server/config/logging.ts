import { Type } from 'typebox';

/** What is logged. */
export const loggingSettings = {
  logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    description: 'Least severe log lines to write',
    default: 'info',
  }),
  logPretty: Type.Boolean({ description: 'Log for people instead of JSON lines', default: false }),
};
