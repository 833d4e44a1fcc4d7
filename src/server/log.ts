import { pino, type Logger } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import type { Config } from './config.js';
import { REDACTED, REDACTED_PATHS } from './redaction.js';

export type { Logger };

/** JSON lines on stdout, or text for people. */
export function createLogger(config: Pick<Config, 'logLevel' | 'logPretty'>): Logger {
  const redact = { paths: [...REDACTED_PATHS], censor: REDACTED };
  const options = { level: config.logLevel, redact };
  return config.logPretty ? pino(options, prettyStream({ ignore: 'pid,hostname' })) : pino(options);
}
