import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { invalid } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { checkGridCount, type GridAnswer } from '../grids.js';
import { llrValues } from '../llr-values.js';
import {
  ErrorSchema,
  LlrJsonAnswerSchema,
  LlrJsonBodySchema,
  LlrQuerySchema,
  MAX_ARRAY_LLRS,
  type LlrJsonAnswer,
  type LlrJsonBody,
  type LlrQuery,
} from '../schemas.js';
import { milliseconds } from '../provenance.js';
import type { App } from './app-type.js';
import { answerHeaders, binaryGrids, binaryHeaders } from './binary.js';
import { jsonGrids, refuseQuery } from './json-grids.js';
import { admitGrids, admittedBody, checkUpload } from './upload.js';

/** `POST /v1/llr`, JSON and octet-stream. */
export function llrRoutes(app: App, core: ServiceCore): void {
  app.post(
    '/v1/llr',
    {
      schema: llrSchema,
      onRequest: async (request, reply) => checkUpload(request, reply, core),
      preParsing: async (request, reply, body: Readable) => admittedBody(body, { request, reply, core }),
      preValidation: async ({ body }) => refuseEarly(body, core),
    },
    async (request, reply) => {
      const { body, query } = request as { body: LlrJsonBody | Buffer; query: LlrQuery };
      return Buffer.isBuffer(body)
        ? answerBinary({ body, query, request, reply, core })
        : answerJson({ body, query, request, reply, core });
    },
  );
}

interface Call<B> {
  readonly body: B;
  readonly query: LlrQuery;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly core: ServiceCore;
}

/** Before the validator, which passes over no body at all, and would look at every one of too many grids. */
function refuseEarly(body: unknown, core: ServiceCore): void {
  if (body === undefined) throw invalid('body', 'JSON or an octet-stream', 'none');
  const grids = typeof body === 'object' && body !== null && 'grids' in body ? body.grids : undefined;
  if (Array.isArray(grids) && grids.length > 0) checkGridCount(grids.length, core.config);
}

async function answerJson(call: Call<LlrJsonBody>): Promise<LlrJsonAnswer> {
  const { body, query, core, reply } = call;
  refuseQuery(query);
  checkGridCount(body.grids.length, core.config);
  admitGrids(call, body.grids.length);
  const model = core.llrModel(body.model, body.version);
  const grids = jsonGrids(body);
  const asArray = body.output?.encoding === 'array';
  const answers = await core.grids.computeAll(grids, {
    record: call.request.record,
    model,
    signal: call.request.gone,
    client: call.request.client,
    priority: body.priority ?? 'normal',
    receivedMs: call.request.receivedMs,
    maxLlrs: asArray ? MAX_ARRAY_LLRS : undefined,
  });
  const start = performance.now();
  const results = answers.map((answer) => jsonResult(answer, asArray));
  const convertMs = performance.now() - start;
  void reply.headers(answerHeaders(answers)).serializer((answer: unknown) => {
    const serializing = performance.now();
    const text = JSON.stringify(answer);
    encoded(call, convertMs + performance.now() - serializing);
    return text;
  });
  return { model: model.name, version: model.version, results };
}

/** The answer has been encoded, and its head has not left yet. */
function encoded({ request, reply }: Call<unknown>, ms: number): void {
  request.record.encoded(ms);
  void reply.header('x-spikingrx-encode-ms', milliseconds(ms));
}

function jsonResult(
  { result, provenance, quality }: GridAnswer,
  asArray: boolean,
): LlrJsonAnswer['results'][number] {
  const start = performance.now();
  const { datatype, shape, bytes } = result.llr;
  const { estimatedSnrDb, meanAbsLlr, saturatedFraction } = quality;
  const { sha256, provider, decodeMs, queueMs, computeMs, batchSize, slackUs } = provenance;
  const data = asArray
    ? llrValues(datatype, bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return {
    id: result.id,
    llr: { datatype, shape: [...shape], data },
    timing: {
      decodeMs,
      queueMs,
      computeMs,
      encodeMs: performance.now() - start,
      batchSize,
      ...(slackUs !== undefined && { slackUs }),
    },
    provenance: { sha256, provider },
    quality: {
      ...(estimatedSnrDb !== undefined && { estimatedSnrDb }),
      meanAbsLlr,
      saturatedFraction,
    },
  };
}

async function answerBinary(call: Call<Buffer>): Promise<Buffer> {
  const { body, query, core, request, reply } = call;
  const grids = binaryGrids(body, query);
  checkGridCount(grids.length, core.config);
  admitGrids(call, grids.length);
  const model = core.llrModel(query.model, query.version);
  const { record, gone: signal, client, receivedMs } = request;
  const { priority = 'normal' } = query;
  const answers = await core.grids.computeAll(grids, { record, model, signal, client, priority, receivedMs });
  const start = performance.now();
  const bytes = concatenated(answers);
  void reply.headers(binaryHeaders(answers));
  encoded(call, performance.now() - start);
  return bytes;
}

/** One grid's LLRs go out as they are. */
function concatenated(answers: readonly GridAnswer[]): Buffer {
  const [first] = answers;
  if (first && answers.length === 1) {
    const { buffer, byteOffset, byteLength } = first.result.llr.bytes;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  return Buffer.concat(answers.map(({ result }) => result.llr.bytes));
}

const failures = Object.fromEntries(
  [400, 401, 403, 404, 413, 415, 429, 500, 503, 504].map((status) => [status, ErrorSchema]),
);

const llrSchema = {
  summary: 'LLRs of received grids',
  description:
    'Answers with the LLRs of all grids, or with the error of the first bad one. JSON describes itself. ' +
    'application/octet-stream is described by the query: for each grid the bytes of rx, then those of the ' +
    'pilot tensor unless dmrsConfig is given. Its answer is the LLRs back to back; the headers ' +
    'x-spikingrx-datatype and -shapes (one a grid, as 2x14x96) describe it. In either form the headers ' +
    'x-spikingrx-model, -version, -sha256 and -provider say what computed the answer, -decode-ms, -queue-ms, ' +
    '-compute-ms and -batch-size (comma-separated, one a grid) and -encode-ms (of the message) how it went, and ' +
    '-estimated-snr-db, -mean-abs-llr and -saturated-fraction (one a grid) how good it is.',
  querystring: LlrQuerySchema,
  body: {
    content: {
      'application/json': { schema: LlrJsonBodySchema },
      'application/octet-stream': {
        schema: Type.Unsafe<Buffer>({ contentMediaType: 'application/octet-stream' }),
      },
    },
  },
  response: {
    200: {
      description: 'LLRs, in the order of the grids',
      content: {
        'application/json': { schema: LlrJsonAnswerSchema },
        'application/octet-stream': {
          schema: Type.Unsafe<Buffer>({ contentMediaType: 'application/octet-stream' }),
        },
      },
    },
    ...failures,
  },
};
