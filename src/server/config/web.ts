import { Type } from 'typebox';

/** What only clients of HTTP notice. */
export const webSettings = {
  compressAnswers: Type.Boolean({
    description: 'Compress answers in JSON and text for clients that take it (Accept-Encoding)',
    default: true,
  }),
};
