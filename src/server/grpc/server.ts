import { Server, type ServerOptions, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, protoPath as healthProto } from 'grpc-health-check';
import { INFERENCE_PROTO_FILE, INFERENCE_SERVICE_NAME } from '../../wire/inference/proto.js';
import { PROTO_DIR, PROTO_FILE, SERVICE_NAME } from '../../wire/proto.js';
import { maxRequestBytes, maxResponseBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { accessInterceptor } from './access.js';
import { AnsweredStream } from './answered-stream.js';
import { serverDefinition } from './definition.js';
import { inferenceServerDefinition } from './oip/definition.js';
import { inboxInterceptor } from './inbox-interceptor.js';
import { Inboxes } from './inboxes.js';
import { inferenceHandlers } from './oip/service.js';
import { reflectedDefinitions } from './reflection.js';
import { llrStream, type StreamCall } from './stream.js';
import { AnswerTrailers } from './trailers.js';
import { unaryHandlers } from './unary.js';
import { wholeRequestInterceptor } from './whole-request.js';

export interface GrpcServer {
  readonly server: Server;
  /** Tells `grpc.health.v1.Health` whether grids are welcome. */
  setServing(serving: boolean): void;
}

/** Services whose health is told apart by clients; the empty name is the server. */
const HEALTH_NAMES = ['', SERVICE_NAME, INFERENCE_SERVICE_NAME];

/** The gRPC services: LlrService, health and reflection; not yet bound. */
export function createGrpcServer(core: ServiceCore): GrpcServer {
  const inboxes = new Inboxes(core.config.maxQueuedBytes);
  core.metrics.scheduling.watchInboxes(inboxes);
  // Beyond it a stream ends with everything on it; what is merely too large is refused by itself.
  const limit = 2 * maxRequestBytes(core.config);
  const options: ServerOptions = {
    'grpc.max_receive_message_length': limit,
    'grpc.max_send_message_length': maxResponseBytes(core.config),
    'grpc.max_concurrent_streams': core.config.maxCallsPerConnection,
    'grpc.max_connection_idle_ms': core.config.idleConnectionTimeoutMs,
    // A client that vanished without a word would hold its grids' room for ever.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
    interceptors: [
      inboxInterceptor(core, inboxes, limit),
      accessInterceptor(core),
      wholeRequestInterceptor(core),
    ],
  };
  const server = new Server(options);
  const trailers = new AnswerTrailers();
  const handlers: UntypedServiceImplementation = {
    ...unaryHandlers({ core, trailers }),
    StreamLlr: (call: StreamCall) => new AnsweredStream(call, llrStream(core), core),
  };
  const { requests, config } = core;
  server.addService(serverDefinition({ requests, config, trailers }), handlers);
  server.addService(
    inferenceServerDefinition({ requests, config, trailers }),
    inferenceHandlers({ core, trailers }),
  );
  const health = new HealthImplementation(
    Object.fromEntries(HEALTH_NAMES.map((name) => [name, 'NOT_SERVING'])),
  );
  health.addToServer(server);
  const described = reflectedDefinitions([PROTO_FILE, INFERENCE_PROTO_FILE, healthProto], [PROTO_DIR]);
  new ReflectionService(described).addToServer(server);
  return {
    server,
    setServing: (serving) => {
      for (const service of HEALTH_NAMES) health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
