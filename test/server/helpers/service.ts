import { pino } from 'pino';
import { GrpcLlrClient, RestLlrClient } from '#client/index.js';
import { loadConfig } from '#server/config.js';
import { startServer, type RunningServer, type ServerDeps } from '#server/server.js';
import { modelFolder, spikingRxModel } from '../../engine/helpers/models.js';

export interface TestService {
  readonly server: RunningServer;
  readonly url: string;
  readonly target: string;
  readonly rest: RestLlrClient;
  readonly grpc: GrpcLlrClient;
  close(): Promise<void>;
}

/** Models `random` (2 Rx, QPSK) versions 1 and 2, and `wide` (4 Rx). */
export async function testModels() {
  return modelFolder({
    random: { '1': spikingRxModel({ nRx: 2 }, 1), '2': spikingRxModel({ nRx: 2 }, 2) },
    wide: { '1': spikingRxModel({ nRx: 4 }, 3) },
  });
}

/** A whole service on free ports, with the real engine and small models of random weights. */
export async function startTestService(
  settings: Readonly<Record<string, unknown>> = {},
  { log = pino({ level: 'silent' }), ...deps }: ServerDeps = {},
): Promise<TestService> {
  const models = await testModels();
  const defaults = { host: '127.0.0.1', httpPort: 0, grpcPort: 0, drainDelayMs: 0, modelsDir: models.path };
  const server = await startServer(loadConfig({ flags: { ...defaults, ...settings } }), { ...deps, log });
  const url = `http://127.0.0.1:${server.httpPort}`;
  const target = `127.0.0.1:${server.grpcPort}`;
  const grpc = new GrpcLlrClient({ target });
  return {
    server,
    url,
    target,
    rest: new RestLlrClient({ baseUrl: url }),
    grpc,
    close: async () => {
      grpc.close();
      await server.close();
      await models.remove();
    },
  };
}
