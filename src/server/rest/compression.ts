import { constants } from 'node:zlib';
import { default as compress, type FastifyCompressOptions } from '@fastify/compress';
import type { App } from './app-type.js';

/** Fast rather than small: the processor is what the service is short of. */
const OPTIONS: FastifyCompressOptions = {
  encodings: ['gzip', 'deflate', 'br'],
  zlibOptions: { level: 1 },
  brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
  globalDecompression: false,
};

/**
 * Compresses JSON and text for clients that ask. Not LLRs in binary: there is nearly nothing to gain, and the plugin
 * would take for gzip what begins like it. Call it before the routes.
 */
export async function compressAnswers(app: App): Promise<void> {
  app.addHook('onSend', async (request, reply) => {
    // The plugin's own switch: it counts octet-stream among what it compresses, whatever its options say.
    const type = String(reply.getHeader('content-type'));
    if (type.startsWith('application/octet-stream')) request.headers['x-no-compression'] = 'true';
  });
  await app.register(compress, OPTIONS);
}
