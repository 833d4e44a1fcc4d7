import { Type } from 'typebox';

/** As browsers send it: without a path. */
const ORIGIN = 'https?://[^/*,\\s]+';

/** What only clients of HTTP notice. */
export const webSettings = {
  dashboard: Type.Boolean({
    description: 'Serve the dashboard at /, and the live data that it shows at /v1/live',
    default: true,
  }),
  dashboardRequest: Type.Boolean({
    description:
      'Let the samples and LLRs of the latest grid be looked at, in the dashboard and at /v1/live/request',
    default: false,
  }),
  compressAnswers: Type.Boolean({
    description: 'Compress answers in JSON and text for clients that take it (Accept-Encoding)',
    default: true,
  }),
  corsOrigins: Type.Optional(
    Type.String({
      description: 'Origins whose pages may call, separated by commas (https://lab.example), or * for all',
      pattern: `^(?:\\*|${ORIGIN}(?:,${ORIGIN})*)$`,
      examples: ['https://lab.example,https://ran.example', '*'],
    }),
  ),
  http2: Type.Boolean({
    description: 'Speak HTTP/2 too on the HTTP port: agreed on by TLS, without it by prior knowledge',
    default: false,
  }),
};
