import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { invalid } from '../../errors.js';
import { schemaError } from '../../schema-error.js';
import type { ServiceCore } from '../core.js';
import { changeRepository, repositoryIndex } from '../oip/repository.js';
import type { App } from './app-type.js';
import { checkJsonStructure } from './json-structure.js';

const TAGS = ['Open Inference Protocol'];
/** A flag and some parameters. */
const MAX_BODY_BYTES = 16_384;
const BUDGET = { tokens: 256, purpose: 'a request about models' };

const IndexSchema = Type.Object({ ready: Type.Optional(Type.Boolean()) });
const ChangeSchema = Type.Object({
  parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** `POST /v2/repository/index`: every version in the repository. */
export function repositoryIndexRoute(app: App, core: ServiceCore): void {
  void app.register(async (scope: App) => {
    takeSmallBodies(scope);
    scope.post(
      '/v2/repository/index',
      { schema: { summary: 'Versions in the repository and their state', tags: TAGS } },
      async ({ body }) => repositoryIndex(core, read(IndexSchema, body).ready ?? false),
    );
  });
}

/** Admin calls: load, or load again, and unload all versions of a model. */
export function repositoryChangeRoutes(app: App, core: ServiceCore): void {
  void app.register(async (scope: App) => {
    takeSmallBodies(scope);
    for (const action of ['load', 'unload'] as const)
      scope.post(
        `/v2/repository/models/:model/${action}`,
        {
          schema: {
            summary: `Have a model ${action}ed`,
            tags: TAGS,
            params: Type.Object({ model: Type.String() }),
          },
        },
        async ({ params: { model }, body }) => {
          const { parameters } = read(ChangeSchema, body);
          await changeRepository(core, action, { model, ...(parameters && { parameters }) });
          return {};
        },
      );
  });
}

/** Of any content type, and mostly empty. */
function takeSmallBodies(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

/** @throws INVALID_ARGUMENT */
function read<T extends TSchema>(schema: T, body: unknown): Static<T> {
  const bytes = Buffer.isBuffer(body) && body.byteLength > 0 ? body : Buffer.from('{}');
  checkJsonStructure(bytes, BUDGET);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid('body', 'JSON, or nothing', 'broken JSON');
  }
  if (Value.Check(schema, json)) return json;
  throw schemaError(Value.Errors(schema, json), json, 'body');
}
