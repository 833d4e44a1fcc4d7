import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { invalid } from '../../errors.js';
import { SPIKE_KINDS, SpikesAnswerSchema, type SpikeKind } from '../../wire/spikes.js';
import type { ServiceCore } from '../core.js';
import { ErrorSchema, LlrJsonBodySchema, LlrQuerySchema } from '../schemas.js';
import { answerText } from '../spikes/answer.js';
import type { WireGrid } from '../wire-grid.js';
import type { App } from './app-type.js';
import { binaryGrids } from './binary.js';
import { jsonGrids, refuseQuery } from './json-grids.js';
import { admitGrids, admittedBody, checkUpload } from './upload.js';

const closed = { additionalProperties: false } as const;
const LAYERS = 'Names of the layers to show. Default all';
const KINDS = `What to show for every neuron and step, beside counts and rates: ${SPIKE_KINDS.join(', ')}`;

// Neither is of use where grids are computed one by one, in their order.
const { priority: _json, ...bodyProperties } = LlrJsonBodySchema.properties;
const { priority: _binary, ...queryProperties } = LlrQuerySchema.properties;

const SpikesBodySchema = Type.Object(
  {
    ...bodyProperties,
    layers: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 256, description: LAYERS }),
    ),
    kinds: Type.Optional(
      Type.Array(Type.Enum([...SPIKE_KINDS]), { maxItems: SPIKE_KINDS.length, description: KINDS }),
    ),
  },
  { ...closed, description: 'One received grid and its pilots' },
);
type SpikesBody = Static<typeof SpikesBodySchema>;

const SpikesQuerySchema = Type.Object(
  {
    ...queryProperties,
    layers: Type.Optional(Type.String({ maxLength: 4096, description: `${LAYERS}. Comma-separated` })),
    kinds: Type.Optional(
      Type.String({
        pattern: `^(${SPIKE_KINDS.join('|')})(,(${SPIKE_KINDS.join('|')}))*$`,
        description: `${KINDS}. Comma-separated`,
      }),
    ),
  },
  closed,
);
type SpikesQuery = Static<typeof SpikesQuerySchema>;

const failures = Object.fromEntries(
  [400, 401, 403, 404, 412, 413, 415, 429, 500, 503, 504].map((status) => [status, ErrorSchema]),
);

const spikesSchema = {
  summary: 'Spikes inside a model while it computes the LLRs of a grid',
  description:
    'A grid in the forms of /v1/llr. Answers with firing rates and with spike counts over the grid, by layer, time ' +
    'step and channel, and on request with every spike and membrane potential; and with the LLRs of that run. ' +
    'For people who look: one grid at a time, apart from the workers that serve.',
  querystring: SpikesQuerySchema,
  body: {
    content: {
      'application/json': { schema: SpikesBodySchema },
      'application/octet-stream': {
        schema: Type.Unsafe<Buffer>({ contentMediaType: 'application/octet-stream' }),
      },
    },
  },
  response: { 200: SpikesAnswerSchema, ...failures },
};

/** `POST /v1/spikes`, JSON and octet-stream; its answer is JSON. */
export function spikesRoutes(app: App, core: ServiceCore): void {
  app.post(
    '/v1/spikes',
    {
      schema: spikesSchema,
      onRequest: async (request, reply) => {
        core.spikes.requireOn();
        checkUpload(request, reply, core);
      },
      preParsing: async (request, reply, body: Readable) => admittedBody(body, { request, reply, core }),
      preValidation: async ({ body }) => refuseEarly(body),
    },
    async (request, reply) => {
      const { grid, model, version, layers, kinds } = callOf(request);
      const { gone: signal, client, receivedMs } = request;
      admitGrids({ request, reply, core }, 1);
      const permit = core.engine.admitSpikes(client);
      reply.raw.once('close', () => permit.release());
      // Each that holds something lets go of it then, and a stream brings listeners of its own: no leak, as Node would warn.
      reply.raw.setMaxListeners(0);
      const context = { model: core.llrModel(model, version), signal, client, receivedMs, layers, kinds };
      const shown = await core.spikes.compute(grid, context);
      // As a stream: the types of the route know objects only.
      const answer: FastifyReply = reply.type('application/json; charset=utf-8');
      return answer.send(Readable.from(answerText(shown)));
    },
  );
}

/** Before the validator, which passes over no body at all, and would look at every one of many grids. */
function refuseEarly(body: unknown): void {
  if (body === undefined) throw invalid('body', 'JSON or an octet-stream', 'none');
  const grids = typeof body === 'object' && body !== null && 'grids' in body ? body.grids : undefined;
  if (Array.isArray(grids)) requireOne(grids);
}

function requireOne<T>(grids: readonly T[]): T {
  const [grid] = grids;
  if (grid === undefined || grids.length > 1) throw invalid('grids', 'one grid', String(grids.length));
  return grid;
}

interface SpikesCall {
  readonly grid: WireGrid;
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly layers: readonly string[] | undefined;
  readonly kinds: readonly SpikeKind[];
}

function callOf(request: Pick<FastifyRequest, 'body' | 'query'>): SpikesCall {
  const { body, query } = request as { body: SpikesBody | Buffer; query: SpikesQuery };
  if (Buffer.isBuffer(body)) {
    const { model, version, layers, kinds } = query;
    return {
      grid: requireOne(binaryGrids(body, query)),
      model,
      version,
      layers: layers?.split(','),
      kinds: (kinds?.split(',') ?? []) as SpikeKind[],
    };
  }
  refuseQuery(query);
  if (body.output?.encoding === 'array') throw invalid('output.encoding', 'base64', 'array');
  const { model, version, layers, kinds = [] } = body;
  return { grid: requireOne(jsonGrids(body)), model, version, layers, kinds };
}
