import { Type } from 'typebox';
import { LOG_LEVELS } from '../config/logging.js';
import { ErrorSchema } from '../schemas.js';
import type { ServiceCore } from '../core.js';
import type { App } from './app-type.js';

const PATH = '/admin/log-level';
const LevelSchema = Type.Object(
  { level: Type.Enum([...LOG_LEVELS], { description: 'Least severe log lines to write' }) },
  { additionalProperties: false },
);
const failures = { 401: ErrorSchema, 403: ErrorSchema };

/** The level of the log at run time; until the next start, which takes it from the settings again. */
export function logLevelRoutes(app: App, { log }: ServiceCore): void {
  app.get(
    PATH,
    { schema: { summary: 'Level of the log', response: { 200: LevelSchema, ...failures } } },
    async () => ({ level: log.level as (typeof LOG_LEVELS)[number] }),
  );
  app.put(
    PATH,
    {
      schema: {
        summary: 'Change the level of the log',
        body: LevelSchema,
        response: { 200: LevelSchema, 400: ErrorSchema, ...failures },
      },
    },
    async ({ body, principal }) => {
      const line = { from: log.level, to: body.level, by: principal.id };
      // Before and after, so that the change is there whichever of the two levels shows it.
      log.info(line, 'log level changes');
      log.level = body.level;
      log.info(line, 'log level changed');
      return { level: body.level };
    },
  );
}
