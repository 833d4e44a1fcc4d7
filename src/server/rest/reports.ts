import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { ServiceCore } from '../core.js';
import { checkReportCount, MAX_REPORTS } from '../decode-reports.js';
import { ErrorSchema } from '../schemas.js';
import type { App } from './app-type.js';
import { NoQuerySchema } from './info.js';
import { admittedBody, checkUpload } from './upload.js';

const closed = { additionalProperties: false } as const;

const ReportsSchema = Type.Object(
  {
    reports: Type.Array(
      Type.Object(
        {
          id: Type.String({ minLength: 1, maxLength: 256, description: 'Of a grid that was answered' }),
          crcOk: Type.Boolean({ description: 'Whether what was decoded passed its check' }),
        },
        closed,
      ),
      { minItems: 1, description: `At most ${MAX_REPORTS}` },
    ),
  },
  closed,
);

const TallySchema = Type.Object({
  matched: Type.Integer({ description: 'Reports that were counted' }),
  unknown: Type.Integer({ description: 'Reports of ids without an answer of late' }),
  duplicate: Type.Integer({ description: 'Reports of answers that had been reported before' }),
});

const failures = Object.fromEntries([400, 413, 415, 429, 503].map((status) => [status, ErrorSchema]));

/** `POST /v1/decode-reports`: what became of answered grids. */
export function reportRoutes(app: App, core: ServiceCore): void {
  app.post(
    '/v1/decode-reports',
    {
      schema: {
        summary: 'Whether the blocks decoded from LLRs passed their check',
        description:
          'Counted by model version and estimated SNR, for the block error rate. Ids are looked up among the answers ' +
          'to the same principal, or without authentication to the same address.',
        querystring: NoQuerySchema,
        body: ReportsSchema,
        response: { 200: TallySchema, ...failures },
      },
      onRequest: async (request, reply) => checkUpload(request, reply, core),
      preParsing: async (request, reply, body: Readable) => admittedBody(body, { request, reply, core }),
      preValidation: async ({ body }) => refuseTooMany(body),
    },
    async ({ body, client }) => core.reports.report(client, body.reports),
  );
}

/** Before the validator, which would look at every one of them. */
function refuseTooMany(body: unknown): void {
  const reports = typeof body === 'object' && body !== null && 'reports' in body ? body.reports : undefined;
  if (Array.isArray(reports) && reports.length > 0) checkReportCount(reports.length);
}
