import { Type, type Static } from 'typebox';
import { accessSettings } from './config/access.js';
import { computeSettings } from './config/compute.js';
import { lifecycleSettings } from './config/lifecycle.js';
import { limitsSettings } from './config/limits.js';
import { listenSettings } from './config/listen.js';
import { loggingSettings } from './config/logging.js';
import { modelsSettings } from './config/models.js';
import { spikesSettings } from './config/spikes.js';
import { telemetrySettings } from './config/telemetry.js';
import { tlsSettings } from './config/tls.js';
import { webSettings } from './config/web.js';

export * from './config/sizes.js';

/**
 * Every setting of the service, once: the type, the checks, the defaults, the command-line flags, the
 * environment variables and the help are all derived from this schema. Durations are milliseconds.
 */
export const ConfigSchema = Type.Object(
  {
    ...listenSettings,
    ...modelsSettings,
    ...computeSettings,
    ...limitsSettings,
    ...accessSettings,
    ...tlsSettings,
    ...webSettings,
    ...lifecycleSettings,
    ...loggingSettings,
    ...telemetrySettings,
    ...spikesSettings,
  },
  { additionalProperties: false },
);

/** The settings in effect. */
export type Config = Readonly<Static<typeof ConfigSchema>>;
export type ConfigKey = keyof Config;
