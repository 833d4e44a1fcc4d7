import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { invalid, SpikingRxError } from '../../errors.js';
import { maxJsonBytes, maxRequestBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { inferAdmitted, inferRows } from '../oip/infer.js';
import { modelMetadata, modelReady, serverMetadata } from '../oip/metadata.js';
import { milliseconds, provenanceTexts } from '../provenance.js';
import type { App } from './app-type.js';
import { writeInferAnswer } from './oip-answer.js';
import { repositoryIndexRoute } from './oip-repository.js';
import { headersOf } from './headers.js';
import { InferBodySchema, readInferBody } from './oip-body.js';
import { admitGrids, admittedBody, checkUpload } from './upload.js';

/** Length of the JSON of a body that binary data follow. */
const JSON_LENGTH_HEADER = 'inference-header-content-length';

const Names = Type.Object({ model: Type.String(), version: Type.Optional(Type.String()) });
interface NamesOf {
  readonly model: string;
  readonly version?: string;
}

/** The Open Inference Protocol, version 2, over REST. */
export function openInferenceRoutes(app: App, core: ServiceCore): void {
  healthRoutes(app, core);
  metadataRoutes(app, core);
  repositoryIndexRoute(app, core);
  inferRoutes(app, core);
}

const TAGS = ['Open Inference Protocol'];

function probe(summary: string) {
  return { config: { scope: 'none' }, schema: { summary, tags: TAGS } } as const;
}

function healthRoutes(app: App, core: ServiceCore): void {
  app.get('/v2/health/live', probe('The process is alive'), async () => ({ live: true }));
  app.get('/v2/health/ready', probe('Ready for requests'), async () => {
    core.requireReady();
    return { live: true, ready: true };
  });
}

function metadataRoutes(app: App, core: ServiceCore): void {
  for (const url of ['/v2', '/v2/'])
    app.get(url, { schema: { summary: 'The server and its extensions', tags: TAGS } }, async () =>
      serverMetadata(),
    );
  for (const url of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(
      url,
      { schema: { summary: 'Tensors of a model', tags: TAGS, params: Names } },
      async ({ params }) => {
        const { model, version } = params as NamesOf;
        return modelMetadata(core, model, version);
      },
    );
    app.get(
      `${url}/ready`,
      { schema: { summary: 'Whether a model is ready', tags: TAGS, params: Names } },
      async ({ params }) => {
        const { model, version } = params as NamesOf;
        if (modelReady(core, model, version)) return { name: model, ready: true };
        throw new SpikingRxError('UNAVAILABLE', `model '${model}' is not ready`);
      },
    );
  }
}

function inferRoutes(app: App, core: ServiceCore): void {
  takeAnyContent(app, core);
  for (const url of ['/v2/models/:model/infer', '/v2/models/:model/versions/:version/infer'])
    app.post(
      url,
      {
        schema: inferSchema,
        // The body is read, and refused, by the codec.
        validatorCompiler: () => () => true,
        onRequest: async (request, reply) => checkUpload(request, reply, core),
        preParsing: async (request, reply, body: Readable) => admittedBody(body, { request, reply, core }),
      },
      async (request, reply) => answerInfer(request, reply, core),
    );
}

/** Clients of this protocol name all sorts of content types, and none; the header tells what a body is. */
function takeAnyContent(app: App, core: ServiceCore): void {
  app.removeAllContentTypeParsers();
  for (const [type, bodyLimit] of [
    ['application/octet-stream', maxRequestBytes(core.config)],
    ['*', maxJsonBytes(core.config)],
  ] as const)
    app.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
      done(null, body),
    );
}

async function answerInfer(request: FastifyRequest, reply: FastifyReply, core: ServiceCore): Promise<Buffer> {
  const receivedMs = performance.now();
  const { model, version } = request.params as NamesOf;
  const { body } = request;
  if (!Buffer.isBuffer(body)) throw invalid('body', 'an inference request', 'nothing');
  const length = request.headers[JSON_LENGTH_HEADER];
  const read = readInferBody(body, Array.isArray(length) ? length.join() : length);
  const { record, gone: signal, client } = request;
  const wanted = { ...read, model, version };
  const rows = inferRows(core, wanted);
  admitGrids({ request, reply, core }, rows);
  const answer = await inferAdmitted(core, () => wanted, { record, signal, client, receivedMs, rows });
  const start = performance.now();
  const { body: bytes, jsonLength } = writeInferAnswer(answer, read);
  const encodeMs = performance.now() - start;
  record.encoded(encodeMs);
  void reply
    .type(jsonLength === undefined ? 'application/json' : 'application/octet-stream')
    .headers(headersOf(provenanceTexts([answer.provenance])))
    .header('x-spikingrx-encode-ms', milliseconds(encodeMs));
  if (jsonLength !== undefined) void reply.header(JSON_LENGTH_HEADER, String(jsonLength));
  return bytes;
}

const OCTETS = { schema: Type.Unsafe<Buffer>({ contentMediaType: 'application/octet-stream' }) };

const inferSchema = {
  summary: 'Outputs of a model for input tensors',
  description:
    'Open Inference Protocol with the binary tensor data extension: where Inference-Header-Content-Length gives ' +
    'the length of the JSON, the data of tensors with binary_data_size follow it, in their order.',
  tags: TAGS,
  params: Names,
  body: {
    content: { 'application/json': { schema: InferBodySchema }, 'application/octet-stream': OCTETS },
  },
};
